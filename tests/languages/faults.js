// The faults of the page's texts in the pseudo-language: `pseudo.py` says how it is written.
(known) => {
  const faults = new Set();
  const LETTER = /[A-Za-z]/;
  const data = [...answered, ...known].filter((text) => LETTER.test(text)).sort((a, b) => b.length - a.length);
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const short = (text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
  const where = (element) => {
    const names = [...element.classList].filter((name) => !/^s(velte)?-/.test(name)).map((name) => `.${name}`);
    return `<${element.localName}${names.join("")}>`;
  };
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });

  /** A text without the data in it. */
  const said = (text) => {
    let rest = text.replace(/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/g, " "); // a hash
    for (const part of data) {
      if (!LETTER.test(rest)) break;
      if (part.length > 200 && part.includes(rest.trim())) return "";
      if (rest.includes(part)) rest = rest.replace(new RegExp(`(?<!\\p{L})${escaped(part)}(?!\\p{L})`, "gu"), " ");
    }
    return rest;
  };
  const check = (text, element, what = "") => {
    if (LETTER.test(text) && LETTER.test(said(text))) faults.add(`not a message: ${what}“${short(text.trim())}” in ${where(element)}`);
  };

  check(document.title, document.head, "title ");
  const clips = (style, axis) => /hidden|clip/.test(style[`overflow${axis}`]);
  const scrolls = (element) => element && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest("script, style, noscript, code, kbd")) continue; // the last two are the names of keys, and hashes
    for (const name of ["aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "alt", "placeholder", "title"])
      if (element.hasAttribute(name)) check(element.getAttribute(name), element, `${name} `);
    const nodes = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    nodes.forEach((node) => check(node.data, element));
    if (nodes.length === 0 || !(element instanceof HTMLElement) || !shown(element) || element.closest(".hidden-text, select")) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const text = short(nodes.map(({ data }) => data.trim()).join(" "));
    const style = getComputedStyle(element);
    if (clips(style, "X") && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1) faults.add(`cut at its end: “${text}” in ${where(element)}`);
    if (clips(style, "Y") && style.webkitLineClamp === "none" && element.scrollHeight > element.clientHeight + 2) faults.add(`cut below: “${text}” in ${where(element)}`);
    const holder = style.display === "inline" ? null : box;
    for (const node of nodes) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const line = range.getBoundingClientRect();
      if (line.width < 2) continue;
      if (holder && !clips(style, "X") && !scrolls(element) && (line.right > holder.right + 2 || line.left < holder.left - 2)) faults.add(`wider than its box: “${text}” in ${where(element)}`);
      if ((line.right > innerWidth + 1 || line.left < -1) && !scrolls(element) && !clips(style, "X")) faults.add(`outside the window: “${text}” in ${where(element)}`);
    }
  }

  /** What a control scrolls with: a bar stays above the page on purpose. */
  const layerOf = (element) => {
    if (!element) return null;
    const { position, overflowX, overflowY } = getComputedStyle(element);
    return /fixed|sticky/.test(position) || /auto|scroll/.test(overflowX + overflowY) ? element : layerOf(element.parentElement);
  };
  if (document.documentElement.scrollWidth > innerWidth) faults.add("the page is wider than the window");
  /** The box of a control, without the padding of one that is only text. */
  const inkOf = (element) => {
    const box = element.getBoundingClientRect();
    const { backgroundColor, paddingLeft, paddingRight } = getComputedStyle(element);
    const bare = element.matches("button") && /, 0\)$|transparent/.test(backgroundColor);
    return bare ? new DOMRect(box.x + parseFloat(paddingLeft), box.y, Math.max(0, box.width - parseFloat(paddingLeft) - parseFloat(paddingRight)), box.height) : box;
  };
  const controls = [...document.querySelectorAll("button, a.button, input:not([type=hidden]), select, textarea, summary, [role=tab]")]
    .filter((element) => shown(element) && !element.closest(".hidden-text, svg, canvas"))
    .map((element) => ({ element, box: inkOf(element), layer: layerOf(element.parentElement) }))
    .filter(({ element, box }) => box.width > 2 && box.height > 2 && getComputedStyle(element).opacity !== "0");
  controls.forEach(({ element, box, layer }, at) => {
    for (const other of controls.slice(at + 1)) {
      if (layer !== other.layer || element.contains(other.element) || other.element.contains(element)) continue;
      const width = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const height = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
      if (width > 2 && height > 2) faults.add(`overlap: “${short(element.textContent.trim())}” in ${where(element)} and “${short(other.element.textContent.trim())}” in ${where(other.element)}`);
    }
  });
  return [...faults];
}

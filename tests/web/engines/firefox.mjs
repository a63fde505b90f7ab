/**
 * Firefox over WebDriver BiDi, driven by lines of JSON: {"order": name, ...} in, {"value": ...} or {"error": ...} out.
 * Arguments: program, folder of the profile, width, height. It ends when its input ends.
 */
import puppeteer from "puppeteer-core";
import { createInterface } from "node:readline";

const [executablePath, userDataDir, width, height] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath,
  userDataDir,
  headless: true,
  defaultViewport: { width: Number(width), height: Number(height) },
  extraPrefsFirefox: { "intl.accept_languages": "en-GB, en", "media.autoplay.default": 0 },
});
const page = await browser.newPage();
page.setDefaultTimeout(0); // the caller decides how long to wait
const complaints = [];
page.on("console", (message) => {
  if (["error", "warn"].includes(message.type())) complaints.push(message.text());
});
page.on("pageerror", (error) => complaints.push(String(error)));

/** A handle of what an async function body returns, which runs in the page with `args`. */
const handle = ({ body, args }) => page.evaluateHandle(`(async (args) => {${body}})(${JSON.stringify(args)})`);

/** The element that a body returns, in view and with nothing over it. */
async function element(order) {
  const found = (await handle(order)).asElement();
  if (!found) throw new Error("no such element");
  const covered = await found.evaluate((node) => {
    node.scrollIntoView({ block: "center", behavior: "instant" });
    const box = node.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return !node.contains(top);
  });
  if (covered) throw new Error("something lies over it");
  return found;
}

const orders = {
  visit: ({ url }) => page.goto(url, { waitUntil: "domcontentloaded" }).then(() => null),
  script: async (order) => (await handle(order)).jsonValue(),
  press: async (order) => (await element(order)).click(),
  type: async (order) => {
    const field = await element(order);
    await field.click({ count: 3 }); // selects what is to be replaced
    await field.type(order.text);
  },
  complaints: async () => complaints,
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  const answer = await orders[order.order](order).then(
    (value) => ({ value: value ?? null }),
    (error) => ({ error: String(error) }),
  );
  console.log(JSON.stringify(answer));
}
await browser.close();

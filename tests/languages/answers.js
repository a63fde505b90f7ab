// Collects the texts that the API answers: they are data, in no language of the messages.
(() => {
  const answered = (window.answered = new Set());
  const code = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/; // codes of states and kinds are no texts: a screen that shows one lacks a message
  const collect = (value) => {
    if (typeof value === "string") {
      if (code.test(value)) return;
      answered.add(value.trim());
      answered.add(value.slice(value.lastIndexOf(":") + 1)); // a code of a place without its venue
      answered.add(/^[A-Z][a-z]+\/.*?([^/]+)$/.exec(value)?.[1].replaceAll("_", "\u00a0") ?? ""); // the city of a time zone
    } else if (typeof value === "object" && value !== null) {
      Object.entries(value).flat().forEach(collect);
    }
  };
  const { fetch } = window;
  window.fetch = async (...request) => {
    const answer = await fetch(...request);
    if (/json/.test(answer.headers.get("content-type") ?? "")) {
      const read = answer.clone().json().then(collect).catch(() => null);
      await read;
    }
    return answer;
  };
  const { EventSource } = window;
  window.EventSource = class extends EventSource {
    constructor(...address) {
      super(...address);
      this.addEventListener("message", ({ data }) => collect(JSON.parse(data)));
    }
  };
})();

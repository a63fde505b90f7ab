/** Whether the oldest browsers that Virage runs in (`browserslist` in package.json) have a feature, by MDN's compatibility data. */

import compat from "@mdn/browser-compat-data" with { type: "json" };
import manifest from "../package.json" with { type: "json" };

const NAMES = { Safari: "safari", iOS: "safari_ios", Chrome: "chrome", Firefox: "firefox" };
const floor = manifest.browserslist.map((entry) => {
  const [name, version] = entry.split(" ");
  return { name: NAMES[name], version };
});

/** The entry of a feature, such as `api`, `AbortSignal`, `timeout_static`; undefined where MDN lists none. */
export function feature(...path) {
  return path.reduce((node, key) => (node && Object.hasOwn(node, key) ? node[key] : undefined), compat);
}

const compare = (one, two) => one.localeCompare(two, "en", { numeric: true });

function has({ version_added: added, version_removed: removed, flags, prefix, alternative_name: other }, version) {
  if (typeof added !== "string" || added === "preview" || flags || prefix || other) return false;
  return compare(added.replace("≤", ""), version) <= 0 && !(typeof removed === "string" && compare(removed, version) <= 0);
}

/** The browsers of the floor that lack a feature; empty where MDN lists no support at all. */
export function lacking(entry) {
  const support = entry?.__compat?.support;
  if (!support) return [];
  return floor.filter(({ name, version }) => ![support[name] ?? []].flat().some((statement) => has(statement, version))).map(({ name, version }) => `${name} ${version}`);
}

/** The three apps. Vite builds a page for each; server and service worker answer a route with its app's page. */
export interface App {
  /** Prefix of the app's routes, unless an earlier app has it. */
  prefix: string;
  page: string;
  /** Where the service worker caches the app's files: on every phone, on gates and tills only, or never. */
  files: "phone" | "device" | "network";
}

export const APPS = {
  office: { prefix: "/office", page: "/office.html", files: "network" },
  staff: { prefix: "/staff", page: "/staff.html", files: "device" },
  fan: { prefix: "/", page: "/index.html", files: "phone" },
} as const satisfies Record<string, App>;

/** Current addresses by those of earlier versions, which stand in emails, in return addresses of payments and in installed apps. */
const MOVED = { "/purse": "/wallet", "/office/programs": "/office/api-clients" };

/** The current address of a path. */
export function currentPath(path: string): string {
  const moved = Object.entries(MOVED).find(([previous]) => path === previous || path.startsWith(`${previous}/`));
  return moved ? moved[1] + path.slice(moved[0].length) : path;
}

/** The addresses of earlier versions for the pattern of a route. */
export function previousPatterns(pattern: string): string[] {
  const moved = Object.entries(MOVED).filter(([, current]) => pattern === current || pattern.startsWith(`${current}/`));
  return moved.map(([previous, current]) => previous + pattern.slice(current.length));
}

/** The app of a route. */
export function appOf(path: string): App {
  const { office, staff, fan } = APPS;
  return [office, staff].find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`)) ?? fan;
}

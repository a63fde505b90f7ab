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

/** The app of a route. */
export function appOf(path: string): App {
  const { office, staff, fan } = APPS;
  return [office, staff].find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`)) ?? fan;
}

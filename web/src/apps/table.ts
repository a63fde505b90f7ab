/** The three apps. Vite builds a page for each, the server and the service worker answer an address with its app's page. */
export interface App {
  /** Every address under it is the app's, unless an app before this one has it. */
  prefix: string;
  page: string;
  /**
   * Where the service worker takes the app's files from: a cache on every phone, a cache on devices of gates and tills
   * only, or always the network.
   */
  files: "phone" | "device" | "network";
}

export const APPS = {
  office: { prefix: "/office", page: "/office.html", files: "network" },
  staff: { prefix: "/staff", page: "/staff.html", files: "device" },
  fan: { prefix: "/", page: "/index.html", files: "phone" },
} as const satisfies Record<string, App>;

/** The app that an address belongs to. */
export function appOf(path: string): App {
  const { office, staff, fan } = APPS;
  return [office, staff].find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`)) ?? fan;
}

/** Start of an app on its page. */
import { mount, type Component, type Snippet } from "svelte";
import Shell from "./Shell.svelte";
import { answered } from "../shared/api/answer";
import { api } from "../shared/api/client";
import { i18n } from "../shared/i18n/i18n.svelte";
import { router, type Route } from "../shared/runtime/router.svelte";
import { toasts } from "../shared/runtime/toasts.svelte";
import { problemText } from "../shared/runtime/words";
import { registerWorker } from "../shared/runtime/worker";
import { session } from "../shared/session.svelte";
import "../shared/styles/tokens.css";
import "../shared/styles/base.css";
import { theme, type Club } from "../shared/theme/theme.svelte";
import { appOf, currentPath, type App } from "./table";

/** Parts that an app adds to the shell: a frame around its screens, and a tool in the header. */
export interface Look {
  frame?: Component<{ screen: Snippet }>;
  tool?: Component;
}

const MISSING: Route = { pattern: "/*", load: () => import("../shared/ui/missing").then((missing) => missing.open()) };

function use({ languages, currency, time_zone }: Club): void {
  if (languages) void i18n.offer(languages);
  if (currency) i18n.currency = currency;
  if (time_zone) i18n.zone = time_zone;
}

/** Loads the club, its languages, the currency and the time zone, which the browser stores for the next start, also without network. */
async function learn(): Promise<void> {
  const answer = await answered<Club>(api.GET("/api/club"));
  if (!answer.ok) return;
  theme.wear(answer.data);
  use(answer.data);
}

async function sayRefusal(code: string): Promise<void> {
  await i18n.prepare(code);
  toasts.say(problemText({ code, status: 409, data: {}, retryAfter: null }), "bad");
}

export async function start(app: App, routes: readonly Route[], look: Look = {}): Promise<void> {
  theme.start();
  use(theme.club);
  // A sign-in at the identity provider leads back with its result: "done" or the code of a refusal.
  const sso = /^#sign-in=(\w+)$/.exec(location.hash)?.[1];
  const learned = learn();
  // The language must be known before the first screen loads its texts, and the currency before it shows an amount.
  i18n.locale = i18n.preferred();
  router.start([...routes, MISSING], (path) => appOf(path) === app, currentPath);
  await Promise.all([i18n.use(i18n.locale), theme.isStored ? null : learned]);
  if (sso === "done") await session.refresh(true);
  if (sso) history.replaceState(history.state, "", location.pathname + location.search);
  mount(Shell, { target: document.getElementById("app")!, props: look });
  if (sso && sso !== "done") void sayRefusal(sso);
  else if (!sso) void session.refresh();
  void registerWorker();
}

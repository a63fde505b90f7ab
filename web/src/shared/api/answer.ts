/** Answers of the server as values: data, or a problem with a stable code. Nothing here throws. */
import { i18n } from "../i18n/i18n.svelte";
import { clock } from "../runtime/clock.svelte";

export interface Problem {
  /** The server's stable code, or `offline` without an answer. */
  code: string;
  status: number;
  data: Record<string, unknown>;
  /** Seconds to wait, if the server named them. */
  retryAfter: number | null;
}
export type Answer<T> = { ok: true; data: T; response: Response } | { ok: false; problem: Problem };

const TRIES = 3;
const WAIT_MAX_S = 6;
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function seconds(response: Response): number | null {
  const value = Number(response.headers.get("retry-after"));
  return Number.isFinite(value) && value > 0 ? value : null;
}

const trips = new WeakMap<Response, readonly [number, number]>();

/** An answer with the server's time (`now`) sets the clock. */
function learn(data: unknown, response: Response): void {
  const trip = trips.get(response);
  const now = (data as { now?: unknown } | null | undefined)?.now;
  if (trip && typeof now === "string") clock.learn(Date.parse(now), ...trip);
}

/** Fetch with retries after 503. Every request carries a client-made id, so a retry has no second effect. */
export async function patientFetch(request: Request): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const sent = Date.now();
    const response = await fetch(request.clone());
    trips.set(response, [sent, Date.now()]);
    if (response.status !== 503 || attempt >= TRIES) return response;
    const wait = Math.min(seconds(response) ?? attempt, WAIT_MAX_S);
    await later(1000 * wait * (0.75 + Math.random() / 2));
  }
}

export const offline: Problem = { code: "offline", status: 0, data: {}, retryAfter: null };

function problem(response: Response, body: unknown): Problem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  return {
    code: typeof fields.code === "string" ? fields.code : response.status === 503 ? "overloaded" : "internal",
    status: response.status,
    data: typeof fields.data === "object" && fields.data !== null ? (fields.data as Record<string, unknown>) : {},
    retryAfter: seconds(response),
  };
}

/** Turns a call of the API client into an answer. */
export async function answered<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<Answer<T>> {
  try {
    const { data, error, response } = await call;
    if (response.ok) {
      learn(data, response);
      return { ok: true, data: data as T, response };
    }
    const refused = problem(response, error);
    await i18n.prepare(refused.code);
    return { ok: false, problem: refused };
  } catch {
    return { ok: false, problem: offline };
  }
}

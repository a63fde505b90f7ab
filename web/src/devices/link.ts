/** A device's requests: its own token, no cookie, a limit of time, and an answer that is a value. */
import { timeoutSignal } from "../kernel/floor";
import type { DeviceClock } from "./clock";

export type Reply<T> = { ok: true; data: T; tag: string | null } | { ok: false; status: number; code: string; data: Record<string, unknown> };

/** Where what an answer says of the device is noted: whether there is network, and that it is one no more. */
interface Standing {
  hear: (online: boolean) => void;
  end: () => void;
}

/** Whether it was answered as asked; an error of the server's own counts as no network. */
export function heard<T>(reply: Reply<T>, device: Standing): reply is Extract<Reply<T>, { ok: true }> {
  if (!reply.ok && reply.status === 401) device.end();
  else device.hear(reply.ok || (reply.status > 0 && reply.status < 500));
  return reply.ok;
}

const LIMIT_MS = 10_000;

export class Link {
  #token: string | null = null;
  readonly #clock: DeviceClock;

  constructor(clock: DeviceClock) {
    this.#clock = clock;
  }

  /** Ask by this token from now on. */
  use(token: string | null): void {
    this.#token = token;
  }

  /** Ask the server; status 0 means that nothing answered in time, 304 that all is as it was under `tag`. */
  async ask<T>(path: string, body?: unknown, limitMs = LIMIT_MS, tag: string | null = null): Promise<Reply<T>> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (this.#token) headers.authorization = `Bearer ${this.#token}`;
    if (tag) headers["if-none-match"] = tag;
    if (body !== undefined) headers["content-type"] = "application/json";
    const sent = performance.now();
    try {
      const response = await fetch(path, {
        method: body === undefined ? "GET" : "POST",
        credentials: "omit",
        cache: "no-store",
        headers,
        signal: timeoutSignal(limitMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const got = performance.now();
      const data = (await response.json().catch(() => ({}))) as Record<string, unknown>;
      if (response.ok) {
        this.#clock.learn(data.now as string | undefined, sent, got);
        return { ok: true, data: data as T, tag: response.headers.get("etag") };
      }
      return { ok: false, status: response.status, code: String(data.code ?? "internal"), data: (data.data ?? {}) as Record<string, unknown> };
    } catch {
      return { ok: false, status: 0, code: "offline", data: {} };
    }
  }
}

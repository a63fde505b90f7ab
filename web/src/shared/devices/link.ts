/** A device's requests: its own token, no cookie, a limit of time, and an answer that is a value. */
import createClient from "openapi-fetch";
import type { paths } from "../api/schema";
import type { Lists } from "../api/words";
import { timeoutSignal } from "../runtime/floor";
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

interface Problem {
  code?: string;
  data?: Record<string, unknown>;
}

const LIMIT_MS = 10_000;

export class Link {
  /** The API, typed by the generated schema; every request of a device goes through `ask`. */
  readonly api = createClient<paths>({ baseUrl: "", credentials: "omit", cache: "no-store" });
  #token: string | null = null;
  readonly #clock: DeviceClock;

  constructor(clock: DeviceClock) {
    this.#clock = clock;
    this.api.use({
      onRequest: ({ request }) => {
        if (this.#token) request.headers.set("authorization", `Bearer ${this.#token}`);
      },
    });
  }

  /** Ask by this token from now on. */
  use(token: string | null): void {
    this.#token = token;
  }

  /** Ask the server; status 0 means that nothing answered in time, 304 that all is as it was. */
  async ask<T>(
    call: (signal: AbortSignal) => Promise<{ data?: Lists<T>; error?: unknown; response: Response }>,
    limitMs = LIMIT_MS,
  ): Promise<Reply<T>> {
    const sent = performance.now();
    try {
      const { data, error, response } = await call(timeoutSignal(limitMs));
      if (response.ok) {
        this.#clock.learn((data as { now?: string } | null | undefined)?.now, sent, performance.now());
        return { ok: true, data: data as T, tag: response.headers.get("etag") };
      }
      const refused = (typeof error === "object" ? error : null) as Problem | null;
      return { ok: false, status: response.status, code: refused?.code ?? "internal", data: refused?.data ?? {} };
    } catch {
      return { ok: false, status: 0, code: "offline", data: {} };
    }
  }
}

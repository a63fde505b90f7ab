/** API client of a device: token instead of cookie, a timeout, and errors as values. */
import createClient from "openapi-fetch";
import type { paths } from "../api/schema";
import type { Lists } from "../api/words";
import { timeoutSignal } from "../runtime/floor";
import type { DeviceClock } from "./clock";

export type Reply<T> = { ok: true; data: T; tag: string | null } | { ok: false; status: number; code: string; data: Record<string, unknown> };

/** Connection state of a device. */
interface ConnectionState {
  setOnline: (online: boolean) => void;
  revoke: () => void;
}

/** Update the connection state; whether the request succeeded. A 5xx status counts as offline. */
export function handleReply<T>(reply: Reply<T>, device: ConnectionState): reply is Extract<Reply<T>, { ok: true }> {
  if (!reply.ok && reply.status === 401) device.revoke();
  else device.setOnline(reply.ok || (reply.status > 0 && reply.status < 500));
  return reply.ok;
}

interface Problem {
  code?: string;
  data?: Record<string, unknown>;
}

const TIMEOUT_MS = 10_000;

export class Link {
  /** The typed API; every request goes through `ask`. */
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

  /** Send this token from now on. */
  use(token: string | null): void {
    this.#token = token;
  }

  /** Send a request. Status 0: no answer in time; 304: unchanged. */
  async ask<T>(
    call: (signal: AbortSignal) => Promise<{ data?: Lists<T>; error?: unknown; response: Response }>,
    timeoutMs = TIMEOUT_MS,
  ): Promise<Reply<T>> {
    const sent = performance.now();
    try {
      const { data, error, response } = await call(timeoutSignal(timeoutMs));
      if (response.ok) {
        this.#clock.setFromServer((data as { now?: string } | null | undefined)?.now, sent, performance.now());
        return { ok: true, data: data as T, tag: response.headers.get("etag") };
      }
      const problem = (typeof error === "object" ? error : null) as Problem | null;
      return { ok: false, status: response.status, code: problem?.code ?? "internal", data: problem?.data ?? {} };
    } catch {
      return { ok: false, status: 0, code: "offline", data: {} };
    }
  }
}

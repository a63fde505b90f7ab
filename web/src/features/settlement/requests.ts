/** Requests that several components make, and those with a bank statement as their body. */
import { answered, patientFetch, type Answer } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import { acting } from "../../shared/office/acting.svelte";
import type { Dispute } from "./types";

/** Take a dispute over, or release it. */
export function takeDispute(id: string, mine: boolean): Promise<Answer<Dispute>> {
  const params = { path: { dispute_id: id } };
  return acting(() => answered<Dispute>(api.PUT("/api/office/disputes/{dispute_id}/assignee", { params, body: { mine } })));
}

/** Send a statement to be checked (`/check`) or imported; the answer is JSON. */
export function sendStatement<T>(path: "" | "/check", file: Blob, query: Record<string, string>): Promise<Answer<T>> {
  const set = Object.entries(query).filter(([, value]) => value);
  const search = set.length ? `?${new URLSearchParams(set)}` : "";
  const headers = { "content-type": "application/octet-stream" };
  const request = new Request(`/api/office/payments/statements${path}${search}`, { method: "POST", body: file, headers, credentials: "same-origin" });
  return answered<T>(
    patientFetch(request).then(async (response) => {
      const body: unknown = await response.json().catch(() => null);
      return response.ok ? { data: body as T, response } : { error: body, response };
    }),
  );
}

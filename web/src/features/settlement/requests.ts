/** Requests with a bank statement as their body. */
import { answered, patientFetch, type Answer } from "../../shared/api/answer";

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

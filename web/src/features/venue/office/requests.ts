/** Requests with a venue file as their body. */
import { answered, patientFetch, type Answer } from "../../../shared/api/answer";

export interface PlanNames {
  code: string;
  time_zone: string;
}

function sent(path: string, file: Blob, query: Record<string, string>): Promise<Response> {
  const set = Object.entries(query).filter(([, value]) => value);
  const search = set.length ? `?${new URLSearchParams(set)}` : "";
  const headers = { "content-type": "application/octet-stream" };
  return patientFetch(new Request(`/api/office/venues${path}${search}`, { method: "POST", body: file, headers, credentials: "same-origin" }));
}

/** Send a file; the answer is JSON. */
export function sendFile<T>(path: string, file: Blob, query: Record<string, string>): Promise<Answer<T>> {
  return answered<T>(
    sent(path, file, query).then(async (response) => {
      const body: unknown = await response.json().catch(() => null);
      return response.ok ? { data: body as T, response } : { error: body, response };
    }),
  );
}

/** The file with the proposed corrections. */
export function mendedFile(file: Blob, query: Record<string, string>): Promise<Answer<Blob>> {
  return answered<Blob>(
    sent("/mend", file, query).then(async (response) =>
      response.ok ? { data: await response.blob(), response } : { error: await response.json().catch(() => null), response },
    ),
  );
}

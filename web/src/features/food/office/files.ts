/** Downloads, fetched like other answers, so that an ended session asks for a sign-in. */
import { answered, type Problem } from "../../../shared/api/answer";
import { download } from "../../../shared/runtime/download";
import { acting } from "../../../shared/office/acting.svelte";

type Fetched = Promise<{ data?: Blob; error?: unknown; response: Response }>;

/** Name as part of a file name: no accents, hyphens for other characters. */
export const plainName = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/** Fetch a file and offer it as a download; returns the problem, if any. */
export async function fetchFile(ask: () => Fetched, name: string): Promise<Problem | null> {
  const answer = await acting(() => answered<Blob>(ask()));
  if (!answer.ok) return answer.problem;
  download(answer.data, name);
  return null;
}

/** Files that the server makes: fetched as any answer is, so that a session that has ended asks for a sign-in first. */
import { answered, type Problem } from "../../api/answer";
import { download } from "../../kernel/download";
import { acting } from "../acting.svelte";

type Fetched = Promise<{ data?: Blob; error?: unknown; response: Response }>;

/** A name as part of a file's name: letters without their accents, a hyphen for what is neither letter nor digit. */
export const plainName = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/** Fetches a file and gives it to the browser as a download; what kept it from that, if anything did. */
export async function fetchFile(ask: () => Fetched, name: string): Promise<Problem | null> {
  const answer = await acting(() => answered<Blob>(ask()));
  if (!answer.ok) return answer.problem;
  download(answer.data, name);
  return null;
}

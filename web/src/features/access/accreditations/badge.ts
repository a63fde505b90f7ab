/** The badge of an accreditation, as the browser downloads it. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { download } from "../../../shared/runtime/download";
import { acting } from "../../../shared/office/acting.svelte";
import type { Accreditation } from "../../../shared/office/types";

/** Prints a badge; what refused it, or null. */
export async function printBadge(of: Accreditation): Promise<Problem | null> {
  const options = { params: { path: { accreditation_id: of.id } }, parseAs: "blob" } as const;
  const answer = await acting(() => answered<Blob>(api.GET("/api/access/accreditations/{accreditation_id}/badge", options)));
  if (!answer.ok) return answer.problem;
  download(answer.data, `badge-${of.pass_number}.pdf`);
  return null;
}

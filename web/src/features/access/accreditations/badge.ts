/** Badges of accreditations as PDF. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { download } from "../../../shared/runtime/download";
import { acting } from "../../../shared/office/acting.svelte";
import type { Accreditation } from "../../../shared/office/types";

/** Download a badge; null, or the problem. */
export async function printBadge(accreditation: Accreditation): Promise<Problem | null> {
  const options = { params: { path: { accreditation_id: accreditation.id } }, parseAs: "blob" } as const;
  const answer = await acting(() => answered<Blob>(api.GET("/api/access/accreditations/{accreditation_id}/badge", options)));
  if (!answer.ok) return answer.problem;
  download(answer.data, `badge-${accreditation.pass_number}.pdf`);
  return null;
}

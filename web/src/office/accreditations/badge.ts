/** The badge of an accreditation, as the browser downloads it. */
import { answered, type Problem } from "../../api/answer";
import { api } from "../../api/client";
import type { Accreditation } from "../types";

const KEPT_MS = 60_000;

/** Prints a badge; what refused it, or null. */
export async function printBadge(of: Accreditation): Promise<Problem | null> {
  const options = { params: { path: { accreditation_id: of.id } }, parseAs: "blob" } as const;
  const answer = await answered<Blob>(api.GET("/api/access/accreditations/{accreditation_id}/badge", options));
  if (!answer.ok) return answer.problem;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(answer.data);
  link.download = `badge-${of.pass_number}.pdf`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
  return null;
}

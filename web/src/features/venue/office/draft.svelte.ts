/** Changes of a venue that are collected, shown and saved together as one new version. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { acting } from "../../../shared/office/acting.svelte";
import type { DefectLine, Edit } from "./types";

/** Another version that was saved meanwhile. */
export interface Conflict {
  version: string;
  number: number;
  imported_at: string;
  imported_by: string | null;
}

export class Draft {
  edits = $state.raw<readonly Edit[]>([]);
  busy = $state(false);
  problem = $state.raw<Problem | null>(null);
  defects = $state.raw<readonly DefectLine[]>([]);
  conflict = $state.raw<Conflict | null>(null);

  add(...edits: Edit[]): void {
    this.edits = [...this.edits, ...edits];
    this.defects = [];
  }

  remove(edit: Edit): void {
    this.edits = this.edits.filter((other) => other !== edit);
    this.defects = [];
  }

  clear(): void {
    [this.edits, this.defects, this.problem, this.conflict] = [[], [], null, null];
  }

  /** Save the changes of a version; the new version, or null if they were not saved and are kept. */
  async save(code: string, basedOn: string): Promise<{ version: string; changed: boolean } | null> {
    if (this.busy || this.edits.length === 0) return null;
    this.busy = true;
    [this.problem, this.defects] = [null, []];
    const body = { based_on: basedOn, edits: [...this.edits] };
    const answer = await acting(() => answered(api.POST("/api/office/venues/{code}/versions", { params: { path: { code } }, body })));
    this.busy = false;
    if (answer.ok) {
      this.clear();
      return answer.data;
    }
    const { code: reason, data } = answer.problem;
    if (reason === "changed_meanwhile") this.conflict = data as unknown as Conflict;
    else if (reason === "venue_file_defects") this.defects = data.defects as DefectLine[];
    else this.problem = answer.problem;
    return null;
  }
}

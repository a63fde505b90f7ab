/** The draft and the published catalogue, kept while the section is open and reloaded after each change. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { Content, Draft, DraftItem } from "../office/types";

class Catalogue {
  draft = $state.raw<Draft | null>(null);
  inForce = $state.raw<Content | null>(null);
  problem = $state.raw<Problem | null>(null);
  #version: string | null = null;

  async load(): Promise<void> {
    const answer = await answered<Draft>(api.GET("/api/office/food/draft"));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    const version = answer.data.in_force;
    if (version && version !== this.#version) {
      const found = await answered<Content>(api.GET("/api/office/food/versions/{version}", { params: { path: { version } } }));
      if (!found.ok) return void (this.problem = found.problem);
      [this.inForce, this.#version] = [found.data, version];
    }
    this.draft = answer.data;
  }

  find(id: string): DraftItem | undefined {
    return this.draft?.items.find(({ item }) => item.id === id);
  }
}

export const catalogue = new Catalogue();

/** The requests of fans of the chosen incident, and what a controller does with them. */
import { answered, type Answer, type Problem } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import type { components } from "../../../../shared/api/schema";
import { newId } from "../../../../shared/runtime/ids";

type Schemas = components["schemas"];
type Answering = Omit<Schemas["AnswerRequest"], "id">;

export class FanRequests {
  found = $state.raw<Schemas["IncidentRequests"] | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** Ids of requests without an answer, by their content: a repetition must not become a second record. */
  readonly #unanswered = new Map<string, string>();

  constructor(readonly incident: string) {}

  async load(): Promise<void> {
    const answer = await answered<Schemas["IncidentRequests"]>(
      api.GET("/api/control/incidents/{incident_id}/requests", { params: { path: { incident_id: this.incident } } }),
    );
    if (answer.ok) this.found = answer.data;
  }

  /** Answer all fans of the incident; true once the server has it. */
  async answer(said: Answering): Promise<boolean> {
    const key = JSON.stringify(said);
    const body = { ...said, id: this.#idOf(key) };
    return this.#settle(key, await answered(api.POST("/api/control/incidents/{incident_id}/answers", { params: { path: { incident_id: this.incident } }, body })));
  }

  async markFalse(request: string): Promise<void> {
    const body = { id: this.#idOf(request) };
    this.#settle(request, await answered(api.POST("/api/control/requests/{request_id}/false", { params: { path: { request_id: request } }, body })));
  }

  #idOf(key: string): string {
    const id = this.#unanswered.get(key) ?? newId();
    this.#unanswered.set(key, id);
    return id;
  }

  #settle(key: string, answer: Answer<Schemas["IncidentRequests"]>): boolean {
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok || (answer.problem.status >= 400 && answer.problem.status < 500)) this.#unanswered.delete(key);
    if (answer.ok) this.found = answer.data;
    return answer.ok;
  }
}

/** The teams of an event, and those of the chosen incident, as the control room sees and sends them. */
import { answered, type Answer, type Problem } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import type { components } from "../../../../shared/api/schema";
import { newId } from "../../../../shared/runtime/ids";

type Schemas = components["schemas"];
export type Team = Schemas["TeamView"];
export type TeamKind = Schemas["TeamKind"];
export type IncidentTeams = Schemas["IncidentTeams"];
export type Step = Schemas["TeamStep"];
export type Written = Omit<Schemas["TeamChange"], "id">;

const POLL_MS = 2_000;

export class Teams {
  readonly event: string;
  list = $state.raw<readonly Team[] | null>(null);
  /** Assignments and free teams of the incident `#incident`. */
  here = $state.raw<IncidentTeams | null>(null);
  problem = $state.raw<Problem | null>(null);
  #incident: string | null = null;
  /** Ids of requests without an answer, by their content: a repetition must not have a second effect. */
  readonly #unanswered = new Map<string, string>();

  constructor(event: string) {
    this.event = event;
  }

  /** Read the teams again and again; returns the end of it. */
  follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const read = async (): Promise<void> => {
      const answer = await answered<Team[]>(api.GET("/api/control/events/{event_id}/teams", { params: { path: { event_id: this.event } } }));
      if (answer.ok) this.list = answer.data;
      if (this.#incident) await this.#readHere(this.#incident);
      if (!ended) timer = setTimeout(() => void read(), POLL_MS);
    };
    void read();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }

  /** Show the teams of another incident. */
  async choose(incident: string): Promise<void> {
    if (this.#incident !== incident) [this.#incident, this.here, this.problem] = [incident, null, null];
    await this.#readHere(incident);
  }

  async #readHere(incident: string): Promise<void> {
    const answer = await answered<IncidentTeams>(api.GET("/api/control/incidents/{incident_id}/teams", { params: { path: { incident_id: incident } } }));
    if (answer.ok && this.#incident === incident) this.here = answer.data;
  }

  /** Create a team, or change one; its refusal, or null once it is stored. */
  async save(team: Team | null, code: string, written: Written): Promise<Problem | null> {
    const key = JSON.stringify([team?.id, code, written]);
    const id = this.#idOf(key);
    const { on_duty: _, ...fresh } = written;
    const answer: Answer<Team[]> = await answered<Team[]>(
      team
        ? api.POST("/api/control/teams/{team_id}/changes", { params: { path: { team_id: team.id } }, body: { id, ...written } })
        : api.POST("/api/control/events/{event_id}/teams", { params: { path: { event_id: this.event } }, body: { id, code, ...fresh } }),
    );
    this.#settle(key, answer);
    if (answer.ok) this.list = answer.data;
    return answer.ok ? null : answer.problem;
  }

  /** Send a team to the incident; `seen` counts the assignments on the screen. */
  async assign(incident: string, team: string, seen: number): Promise<void> {
    const key = JSON.stringify([incident, team, seen]);
    const body = { id: this.#idOf(key), team_id: team, teams_seen: seen };
    await this.#change(incident, key, api.POST("/api/control/incidents/{incident_id}/teams", { params: { path: { incident_id: incident } }, body }));
  }

  /** Take a step for a team that reports by radio, or withdraw it. */
  async step(incident: string, assignment: string, step: Step): Promise<void> {
    const key = JSON.stringify([assignment, step]);
    const body = { id: this.#idOf(key), step, reason: null, occurred_at: null };
    await this.#change(incident, key, api.POST("/api/control/assignments/{assignment_id}/steps", { params: { path: { assignment_id: assignment } }, body }));
  }

  async #change(incident: string, key: string, call: Promise<{ data?: IncidentTeams; error?: unknown; response: Response }>): Promise<void> {
    const answer = await answered<IncidentTeams>(call);
    this.#settle(key, answer);
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok && this.#incident === incident) this.here = answer.data;
    else if (!answer.ok) await this.#readHere(incident);
  }

  #idOf(key: string): string {
    const id = this.#unanswered.get(key) ?? newId();
    this.#unanswered.set(key, id);
    return id;
  }

  #settle(key: string, answer: Answer<unknown>): void {
    if (answer.ok || (answer.problem.status >= 400 && answer.problem.status < 500)) this.#unanswered.delete(key);
  }
}

/** A fan's notification preferences on the server, for the club or for one event. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type NotificationKind = Schemas["NotificationKind"];
export type PreferencesData = Schemas["NotificationPreferences"];
export const KINDS = ["goals", "periods", "replays", "ground"] as const satisfies readonly NotificationKind[];
const NOTHING: PreferencesData = { kinds: [], even_during: [], quiet: "inside" };

export class Preferences {
  now = $state.raw<PreferencesData | null>(null);
  /** The preferences are those of this event. */
  own = $state(false);
  saved = $state(false);
  problem = $state.raw<Problem | null>(null);
  #club: PreferencesData = NOTHING;
  #updates = Promise.resolve();

  constructor(private readonly event: string | null) {}

  async load(): Promise<void> {
    const answer = await answered<Schemas["NotificationSettings"]>(api.GET("/api/me/notifications"));
    if (!answer.ok) return void (this.problem = answer.problem);
    this.#club = answer.data.club;
    const chosen = this.event ? answer.data.events[this.event] : undefined;
    this.own = chosen !== undefined;
    this.now = chosen ?? this.#club;
  }

  /** Select or deselect a kind; a deselected kind is not sent during play either. */
  async kind(kind: NotificationKind, on: boolean): Promise<void> {
    const { kinds, even_during = [], quiet } = this.now!;
    const without = (list: NotificationKind[]): NotificationKind[] => list.filter((selected) => selected !== kind);
    await this.#put({ kinds: on ? [...without(kinds), kind] : without(kinds), even_during: on ? even_during : without(even_during), quiet });
  }

  async during(kind: NotificationKind, on: boolean): Promise<void> {
    const now = this.now!;
    const without = (now.even_during ?? []).filter((selected) => selected !== kind);
    await this.#put({ ...now, even_during: on ? [...without, kind] : without });
  }

  async quiet(quiet: PreferencesData["quiet"]): Promise<void> {
    await this.#put({ ...this.now!, quiet });
  }

  async asForClub(): Promise<void> {
    const answer = await answered(api.DELETE("/api/me/notifications/events/{event_id}", { params: { path: { event_id: this.event! } } }));
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok) [this.now, this.own, this.saved] = [this.#club, false, true];
  }

  /** Updates are sent one after the other, so that the last one wins. */
  #put(body: PreferencesData): Promise<void> {
    [this.now, this.saved] = [body, false];
    this.#updates = this.#updates.then(() => this.#send(body));
    return this.#updates;
  }

  async #send(body: PreferencesData): Promise<void> {
    const answer = this.event
      ? await answered<PreferencesData>(api.PUT("/api/me/notifications/events/{event_id}", { params: { path: { event_id: this.event } }, body }))
      : await answered<PreferencesData>(api.PUT("/api/me/notifications/club", { body }));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return this.load();
    if (this.now === body) [this.now, this.own, this.saved] = [answer.data, this.event !== null, true];
  }
}

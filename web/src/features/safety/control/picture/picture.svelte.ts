/** The picture of an event: the latest one over the stream, those of past minutes, and the last one without network. */
import { answered } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import { follow } from "../../../../shared/api/stream";
import type { components } from "../../../../shared/api/schema";
import { clock } from "../../../../shared/runtime/clock.svelte";
import { connection } from "../../../../shared/runtime/connection.svelte";
import { storage } from "../../../../shared/runtime/storage";

type Schemas = components["schemas"];
export type VenuePicture = Schemas["VenuePicture"];
export type Figure = Schemas["CrowdFigure"];
export type Zone = Schemas["ZonePicture"];
export type OfflineDevice = Schemas["OfflineDevice"];
export type Density = Schemas["DensityClass"];

/** The server sends a picture at least every five seconds. */
const SILENT_MS = 15_000;
/** Messages of the stream leave out the gates: the whole picture is read as often. */
const POLL_MS = 5_000;
const MINUTE_MS = 60_000;
export const STORED = "control.picture";

export class Picture {
  readonly event: string;
  #live = $state.raw<VenuePicture | null>(null);
  #past = $state.raw<VenuePicture | null>(null);
  #receivedAt = $state<number | null>(null);
  /** The past picture that was chosen cannot be loaded. */
  unread = $state(false);
  /** Minutes from the first stored picture to the one that is shown; null shows the latest one. */
  minute = $state<number | null>(null);

  constructor(event: string) {
    this.event = event;
    const stored = storage.read<VenuePicture>(STORED);
    if (stored?.event_id === event) this.#live = stored;
  }

  readonly shown = $derived(this.#past ?? this.#live);
  /** Devices of gates that do not answer now, also while a past minute is shown; cameras and counters are left out. */
  readonly offlineAtGates = $derived((this.#live?.offline ?? []).filter(({ is_counter }) => !is_counter));
  readonly isPast = $derived(this.#past !== null);
  /** The latest picture is not of now: there is no network, or the server is silent. */
  readonly stale = $derived(!connection.online || this.#receivedAt === null || clock.tick - this.#receivedAt > SILENT_MS);
  /** Minutes that the slider covers; 0 before the first stored picture. */
  readonly minutes = $derived(this.#live?.begins_at ? Math.max(0, Math.floor((Date.parse(this.#live.at) - Date.parse(this.#live.begins_at)) / MINUTE_MS)) : 0);

  /** Follow the picture; returns the end of it. */
  follow(): () => void {
    const leave = follow("control", this.event, null, (picture) => this.#take(picture));
    const unwatch = clock.watch();
    void this.#load();
    const timer = setInterval(() => connection.online && void this.#load(), POLL_MS);
    return () => {
      leave();
      unwatch();
      clearInterval(timer);
    };
  }

  /** The end of a minute of the slider: the last picture until then is that of the minute. */
  at(minute: number): string {
    return new Date(Date.parse(this.#live!.begins_at!) + (minute + 1) * MINUTE_MS - 1).toISOString();
  }

  /** Show the picture of a minute, or the latest one. */
  async choose(minute: number | null): Promise<void> {
    this.minute = minute;
    this.unread = false;
    if (minute === null) {
      this.#past = null;
      return;
    }
    const answer = await answered<VenuePicture>(api.GET("/api/control/events/{event_id}/picture", { params: { path: { event_id: this.event }, query: { at: this.at(minute) } } }));
    if (this.minute !== minute) return;
    this.unread = !answer.ok;
    if (answer.ok) this.#past = answer.data;
  }

  async #load(): Promise<void> {
    const answer = await answered<VenuePicture>(api.GET("/api/control/events/{event_id}/picture", { params: { path: { event_id: this.event } } }));
    if (answer.ok) this.#take(answer.data);
  }

  #take(picture: VenuePicture): void {
    const live = this.#live;
    if (this.#receivedAt !== null && live && Date.parse(picture.at) < Date.parse(live.at)) return;
    this.#live = picture.gates.length > 0 || !live ? picture : { ...picture, gates: live.gates };
    this.#receivedAt = clock.now();
    storage.write(STORED, this.#live);
  }
}

/**
 * Data of one event on a device: the pack, later changes, and the device's own scans.
 *
 * A pack is used only if the event's key signed it.
 */
import { issuerKeys, type IssuerKeys, type PassKeys } from "../../../shared/passes/verify";
import { fromBase64 } from "../../../shared/passes/base64";
import { Bitmap } from "./bitmap";
import type { GateContext, PassStatus, Presence, Window } from "./decide";
import type { Changes, Hint, Pack, SignedPack } from "./messages";
import { isSelected, type IdentityStatus } from "./identity";
import type { StoredCrossing, StoredPack } from "./storage";

const AFTER_END_MS = 24 * 3_600_000;
const PURPOSE = new TextEncoder().encode("virage:pack:v1\0");

/** The verified pack; null if the event's key did not sign it or it belongs to another event. */
export async function openPack(signed: SignedPack, keys: IssuerKeys, eventId: string): Promise<Pack | null> {
  const issuer = keys.get(hexOf(signed.kid));
  const body = fromBase64(signed.body);
  const message = new Uint8Array(PURPOSE.length + body.length);
  message.set(PURPOSE);
  message.set(body, PURPOSE.length);
  if (issuer?.event_id !== eventId) return null;
  if (!(await issuer.verifies(fromBase64(signed.signature), message))) return null;
  const pack = JSON.parse(new TextDecoder().decode(body)) as Pack;
  return pack.event.id === eventId ? pack : null;
}

/** Whether a pack is older than the current one of the same event: a valid old pack would roll back revocations. */
export function isOlder(offered: Pack, current: Pack): boolean {
  return offered.event.id === current.event.id && Date.parse(offered.expires_at) < Date.parse(current.expires_at);
}

function hexOf(text: string): string {
  return Array.from(fromBase64(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class EventData {
  readonly pack: Pack;
  readonly keys: IssuerKeys;
  version: string;
  readonly #revoked: Bitmap;
  readonly #flagged: Bitmap;
  readonly #inside: Bitmap;
  readonly #outside: Bitmap;
  readonly #generations: Map<number, number>;
  readonly #presence = new Map<number, Presence>();
  readonly #windows: Record<string, Window> = {};
  readonly #names: Map<number, string>;
  readonly #unnamed: Bitmap;
  #gates: Pack["gates"];
  #zones: Pack["zones"];
  #places: Map<number, number> | null = null;

  constructor(pack: Pack, keys: IssuerKeys) {
    this.pack = pack;
    this.keys = keys;
    this.version = pack.version;
    const { revoked, flagged, inside, outside } = pack.bitmaps;
    this.#revoked = new Bitmap(fromBase64(revoked));
    this.#flagged = new Bitmap(fromBase64(flagged));
    this.#inside = new Bitmap(fromBase64(inside));
    this.#outside = new Bitmap(fromBase64(outside));
    this.#generations = new Map(pack.generations);
    this.#names = new Map(pack.identity?.names);
    this.#unnamed = new Bitmap(fromBase64(pack.identity?.unnamed ?? ""));
    this.#gates = pack.gates;
    this.#zones = pack.zones;
    for (const [group, { opens_at, closes_at }] of Object.entries(pack.windows)) {
      this.#windows[group] = { opens_at: Date.parse(opens_at), closes_at: Date.parse(closes_at) };
    }
  }

  /** The event from storage; null if the signature of its pack is invalid. */
  static async load(stored: StoredPack, changes: readonly Changes[], crossings: readonly StoredCrossing[]): Promise<EventData | null> {
    const published: PassKeys[] = [{ event_id: stored.event_id, keys: stored.keys }];
    const keys = await issuerKeys(published);
    const pack = await openPack(stored.sealed, keys, stored.event_id);
    if (pack === null) return null;
    const data = new EventData(pack, await issuerKeys([...published, ...keysOfOtherEvents(pack)]));
    for (const change of changes) data.apply(change);
    for (const crossing of crossings) if (crossing.event_id === stored.event_id) data.addCrossing(crossing);
    return data;
  }

  get gates(): Pack["gates"] {
    return this.#gates;
  }

  get inside(): number {
    return this.#inside.count;
  }

  expired(now: number): boolean {
    return now >= Date.parse(this.pack.expires_at);
  }

  /** Whether the gates of the event closed 24 hours after its end: the device has no more use of its data. */
  over(now: number): boolean {
    return now >= Date.parse(this.pack.event.ends_at) + AFTER_END_MS;
  }

  /** The gate as decisions need it; `area` is the standing area of the pass, if it has one. */
  contextOf(gate: string, area: string | null = null): GateContext {
    const state = this.#gates[gate];
    const zone = area ?? state?.zone ?? "";
    const { identity } = this.pack;
    return {
      gate,
      groups: new Set(state?.groups),
      zone,
      terms: this.pack.event.terms,
      closed: state?.closed ?? true,
      zone_full: this.#zones[zone]?.full ?? false,
      windows: this.#windows,
      names: identity ? { due_at: identity.due_at === null ? null : Date.parse(identity.due_at), unnamed_to_desk: identity.unnamed_to_desk } : null,
    };
  }

  /** What the identity rule asks of a pass. */
  async identityOf(number: number): Promise<IdentityStatus> {
    const { identity } = this.pack;
    if (!identity) return { identity_check: false, unnamed: false, name: null };
    const unnamed = this.#unnamed.has(number);
    const identity_check = !unnamed && (await isSelected(identity.secret, number, identity.share_percent));
    return { identity_check, unnamed, name: this.#names.get(number) ?? null };
  }

  statusOf(number: number): PassStatus {
    return {
      generation: this.#generations.get(number) ?? 0,
      revoked: this.#revoked.has(number),
      flagged: this.#flagged.has(number),
      presence: this.#presence.get(number) ?? this.#presenceInPack(number),
    };
  }

  /** The pack has the state of a presence, but neither time nor gate. */
  #presenceInPack(number: number): Presence | null {
    if (!this.#inside.has(number) && !this.#outside.has(number)) return null;
    return { state: this.#inside.has(number) ? "inside" : "outside", since: 0, gate: "", pending_until: null };
  }

  apply(changes: Changes): void {
    this.version = changes.version;
    changes.revoked.forEach((number) => this.#revoked.put(number, true));
    changes.flagged.forEach((number) => this.#flagged.put(number, true));
    changes.unflagged.forEach((number) => this.#flagged.put(number, false));
    for (const state of ["inside", "outside"] as const) {
      for (const [number, gate, at] of changes[state]) this.#setPresence(number, { state, since: Date.parse(at), gate, pending_until: null });
    }
    // Changes kept by an earlier version of this app have no `absent`.
    (changes.absent ?? []).forEach(([number, at]) => this.#takeBack(number, Date.parse(at)));
    changes.generations.forEach(([number, generation]) => {
      this.#raiseGeneration(number, generation);
      // The ticket may have another holder: its name is not known here until the next pack.
      this.#names.delete(number);
      this.#unnamed.put(number, false);
    });
    this.#gates = { ...this.#gates, ...changes.gates };
    this.#zones = { ...this.#zones, ...changes.zones };
  }

  /** Add a crossing at this device; without presence, its entry was taken back. */
  addCrossing({ number, generation, presence }: Omit<StoredCrossing, "event_id">): void {
    this.#raiseGeneration(number, generation);
    if (presence) this.#setPresence(number, presence);
    else this.#takeBack(number, Infinity);
  }

  /** The entry of a pass until a time was taken back: it is as if it had not entered. */
  #takeBack(number: number, until: number): void {
    if ((this.#presence.get(number)?.since ?? 0) > until) return;
    this.#presence.delete(number);
    this.#inside.put(number, false);
    this.#outside.put(number, false);
  }

  #raiseGeneration(number: number, generation: number): void {
    if (generation > (this.#generations.get(number) ?? 0)) this.#generations.set(number, generation);
  }

  /** Updates may arrive in any order: the latest presence counts. */
  #setPresence(number: number, presence: Presence): void {
    if (presence.since < (this.#presence.get(number)?.since ?? 0)) return;
    this.#presence.set(number, presence);
    this.#inside.put(number, presence.state === "inside");
    this.#outside.put(number, presence.state === "outside");
  }

  hint(gate: string, group: string): Hint | null {
    return this.pack.hints[gate]?.[group] ?? null;
  }

  /** The other current event that a key belongs to. */
  otherEvent(kid: string): Pack["others"][number] | null {
    return this.pack.others.find((other) => hexOf(other.kid) === kid) ?? null;
  }

  passAt(place: number): number | null {
    this.#places ??= new Map(this.pack.directory.places);
    return this.#places.get(place) ?? null;
  }

  placeOf(number: number): number | null {
    return this.pack.directory.places.find(([, pass]) => pass === number)?.[0] ?? null;
  }

  passesOf(order: string): number[] {
    return this.pack.directory.orders[order] ?? [];
  }
}

/** Keys of the other events in the pack: they distinguish a ticket of another match from a forgery. */
function keysOfOtherEvents(pack: Pack): PassKeys[] {
  return pack.others.flatMap(({ id, ...other }) => {
    const { x } = other as { x?: string };
    return x ? [{ event_id: id, keys: [{ kid: other.kid, x }] }] : [];
  });
}

/**
 * What a device knows of one event: its pack, what changed since, and what it saw itself.
 *
 * The pack is believed only under the event's own key, and only until it expires.
 */
import { issuerKeys, type IssuerKeys, type PassKeys } from "../../../shared/passes/verify";
import { fromBase64 } from "../../../shared/passes/base64";
import { Bits } from "./bits";
import type { Known, Post, Presence, Window } from "./decide";
import type { KeptPack, KeptSeen } from "./shelf";
import type { Changes, Hint, Pack, SealedPack } from "./wire";

const PURPOSE = new TextEncoder().encode("virage:pack:v1\0");

/** The pack in its seal, or null where the event's key did not sign it or it is of another event. */
export async function opened(sealed: SealedPack, keys: IssuerKeys, eventId: string): Promise<Pack | null> {
  const issuer = keys.get(hexOf(sealed.kid));
  const body = fromBase64(sealed.body);
  const signed = new Uint8Array(PURPOSE.length + body.length);
  signed.set(PURPOSE);
  signed.set(body, PURPOSE.length);
  if (issuer?.event_id !== eventId) return null;
  if (!(await issuer.verifies(fromBase64(sealed.signature), signed))) return null;
  const pack = JSON.parse(new TextDecoder().decode(body)) as Pack;
  return pack.event.id === eventId ? pack : null;
}

/** Whether a pack is older than the one that the device stands by: it is good, but whoever offers it rolls back what is known. */
export function isOlder(offered: Pack, held: Pack): boolean {
  return offered.event.id === held.event.id && Date.parse(offered.expires_at) < Date.parse(held.expires_at);
}

function hexOf(text: string): string {
  return Array.from(fromBase64(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Ground {
  readonly pack: Pack;
  readonly keys: IssuerKeys;
  version: string;
  readonly #revoked: Bits;
  readonly #flagged: Bits;
  readonly #inside: Bits;
  readonly #outside: Bits;
  readonly #generations: Map<number, number>;
  readonly #presence = new Map<number, Presence>();
  readonly #windows: Record<string, Window> = {};
  #gates: Pack["gates"];
  #zones: Pack["zones"];
  #places: Map<number, number> | null = null;

  constructor(pack: Pack, keys: IssuerKeys) {
    this.pack = pack;
    this.keys = keys;
    this.version = pack.version;
    const { revoked, flagged, inside, outside } = pack.bitmaps;
    this.#revoked = new Bits(fromBase64(revoked));
    this.#flagged = new Bits(fromBase64(flagged));
    this.#inside = new Bits(fromBase64(inside));
    this.#outside = new Bits(fromBase64(outside));
    this.#generations = new Map(pack.generations);
    this.#gates = pack.gates;
    this.#zones = pack.zones;
    for (const [group, { opens_at, closes_at }] of Object.entries(pack.windows)) {
      this.#windows[group] = { opens_at: Date.parse(opens_at), closes_at: Date.parse(closes_at) };
    }
  }

  /** The event as it was kept, with what changed since and what the device saw; null where the seal does not hold. */
  static async of(kept: KeptPack, changes: readonly Changes[], seen: readonly KeptSeen[]): Promise<Ground | null> {
    const published: PassKeys[] = [{ event_id: kept.event_id, keys: kept.keys }];
    const keys = await issuerKeys(published);
    const pack = await opened(kept.sealed, keys, kept.event_id);
    if (pack === null) return null;
    const ground = new Ground(pack, await issuerKeys([...published, ...neighbours(pack)]));
    for (const one of changes) ground.apply(one);
    for (const one of seen) if (one.event_id === kept.event_id) ground.saw(one);
    return ground;
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

  /** The gate as decisions ask it; `area` is the standing area of the bearer, where the pass is for one. */
  post(gate: string, area: string | null = null): Post {
    const state = this.#gates[gate];
    const zone = area ?? state?.zone ?? "";
    return {
      gate,
      groups: new Set(state?.groups),
      zone,
      terms: this.pack.event.terms,
      closed: state?.closed ?? true,
      zone_full: this.#zones[zone]?.full ?? false,
      windows: this.#windows,
    };
  }

  known(number: number): Known {
    return {
      generation: this.#generations.get(number) ?? 0,
      revoked: this.#revoked.has(number),
      flagged: this.#flagged.has(number),
      presence: this.#presence.get(number) ?? this.#ofThePack(number),
    };
  }

  /** The pack tells where somebody is, not since when. */
  #ofThePack(number: number): Presence | null {
    if (!this.#inside.has(number) && !this.#outside.has(number)) return null;
    return { state: this.#inside.has(number) ? "inside" : "outside", since: 0, gate: "", pending_until: null };
  }

  apply(changes: Changes): void {
    this.version = changes.version;
    changes.revoked.forEach((number) => this.#revoked.put(number, true));
    changes.flagged.forEach((number) => this.#flagged.put(number, true));
    changes.unflagged.forEach((number) => this.#flagged.put(number, false));
    for (const state of ["inside", "outside"] as const) {
      for (const [number, gate, at] of changes[state]) this.#place(number, { state, since: Date.parse(at), gate, pending_until: null });
    }
    changes.generations.forEach(([number, generation]) => this.#heard(number, generation));
    this.#gates = { ...this.#gates, ...changes.gates };
    this.#zones = { ...this.#zones, ...changes.zones };
  }

  /** What this device saw itself, or kept of what it saw. */
  saw({ number, generation, presence }: Omit<KeptSeen, "event_id">): void {
    this.#heard(number, generation);
    if (presence) this.#place(number, presence);
  }

  #heard(number: number, generation: number): void {
    if (generation > (this.#generations.get(number) ?? 0)) this.#generations.set(number, generation);
  }

  /** The latest word counts, in whatever order words come. */
  #place(number: number, presence: Presence): void {
    if (presence.since < (this.#presence.get(number)?.since ?? 0)) return;
    this.#presence.set(number, presence);
    this.#inside.put(number, presence.state === "inside");
    this.#outside.put(number, presence.state === "outside");
  }

  hint(gate: string, group: string): Hint | null {
    return this.pack.hints[gate]?.[group] ?? null;
  }

  /** Which other event of these days a key belongs to. */
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

/** Other events' keys that the pack names: a code of tomorrow's match is told from a forgery. */
function neighbours(pack: Pack): PassKeys[] {
  return pack.others.flatMap(({ id, ...other }) => {
    const { x } = other as { x?: string };
    return x ? [{ event_id: id, keys: [{ kid: other.kid, x }] }] : [];
  });
}


/** Pure functions that derive the columns and the load from a board. */
import type { Board, Interval, Station, Ticket } from "./types";

export type Column = "placed" | "accepted" | "ready";
export const COLUMNS: readonly Column[] = ["placed", "accepted", "ready"];
export const STATIONS: readonly Station[] = ["grill", "fryer", "bar", "coffee", "cold", "counter"];
export type Urgency = "ok" | "soon" | "late";

const MINUTE_MS = 60_000;
const SOON_MS = 3 * MINUTE_MS;

/** Urgency of a ticket by its pick-up time. A ready ticket is on time. */
export function urgency({ state, promised_at }: Pick<Ticket, "state" | "promised_at">, now: number): Urgency {
  if (state === "ready") return "ok";
  const left = Date.parse(promised_at) - now;
  return left < 0 ? "late" : left < SOON_MS ? "soon" : "ok";
}

export const minutesBetween = (from: string, now: number): number => Math.max(0, Math.floor((now - Date.parse(from)) / MINUTE_MS));

/** Tickets of a column for a station, earliest pick-up time first. */
export function inColumn(tickets: readonly Ticket[], column: Column, station: Station | null): Ticket[] {
  const found = tickets.filter((ticket) => ticket.state === column && (station === null || ticket.stations.includes(station)));
  return found.sort((a, b) => a.promised_at.localeCompare(b.promised_at) || a.number - b.number);
}

/** Stations with work or capacity, in display order. */
export function stationsOf({ tickets, capacity }: Pick<Board, "tickets" | "capacity">): Station[] {
  return STATIONS.filter((station) => (capacity.per_five_minutes[station] ?? 0) > 0 || tickets.some((ticket) => ticket.stations.includes(station)));
}

export interface Bar {
  at: string;
  made: number;
  capacity: number;
}

/** Load by interval: of one station, or of the fullest one; without the counter. */
export function bars(load: readonly Interval[], station: Station | null): Bar[] {
  return load.map(({ starts_at, stations }) => {
    const all = Object.entries(stations).filter(([name, { capacity }]) => name === station || (station === null && capacity > 0));
    const loads = all.map(([, load]) => ({ made: load.counter + load.orders, capacity: load.capacity }));
    const share = ({ made, capacity }: { made: number; capacity: number }): number => (capacity ? made / capacity : made ? Infinity : 0);
    const fullest = loads.reduce((worst, load) => (share(load) > share(worst) ? load : worst), loads[0] ?? { made: 0, capacity: 0 });
    return { at: starts_at, ...fullest };
  });
}

/** Tickets that are new since the previous board. */
export function fresh(previous: readonly Ticket[], current: readonly Ticket[]): Ticket[] {
  const known = new Set(previous.map(({ id }) => id));
  return current.filter(({ id, state }) => state === "placed" && !known.has(id));
}

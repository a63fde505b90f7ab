/** Form data of teams and line-ups, and the parser of pasted lists. */
import { newId } from "../../../shared/runtime/ids";
import type { Player, Side, Team, Teams } from "../feed";
import type { Line, Reading } from "../../../shared/office/lists/lines";
import { plain } from "../../../shared/office/lists/plain";
import { meanings } from "../../../shared/office/lists/meanings";
import { wholeOf } from "../../../shared/office/numbers";
import { words } from "../../../shared/office/words.svelte";

export const SQUAD_MAX = 30;
export const STARTERS_MAX = 11;
export const POSITIONS = ["", "goalkeeper", "defender", "midfielder", "forward"] as const;
export const SIDES: readonly Side[] = ["home", "away"];
const SHIRT_MAX = 99;
const NAME_MAX = 60;
const COLOURS: Record<Side, string> = { home: "#1f4fa3", away: "#b3122f" };

export interface PlayerForm {
  /** Used only by the form. */
  id: string;
  number: string;
  name: string;
  position: (typeof POSITIONS)[number];
  starts: boolean;
  captain: boolean;
}
export interface TeamForm {
  name: string;
  code: string;
  colour: string;
  players: PlayerForm[];
}
export type TeamsForm = Record<Side, TeamForm>;

export const blankPlayer = (): PlayerForm => ({ id: newId(), number: "", name: "", position: "", starts: false, captain: false });

/** Default short name: the first three letters, without accents. */
export const codeOf = (name: string): string =>
  name.normalize("NFKD").toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 3);

/** Form data; before the first save, with the names from the event's title. */
export function formOf(teams: Teams | null, title: string): TeamsForm {
  const names = title.split(/\s+[–—-]\s+/);
  const blank = (side: Side): TeamForm => {
    const name = names.length === 2 ? names[side === "home" ? 0 : 1]!.trim().slice(0, NAME_MAX) : "";
    return { name, code: codeOf(name), colour: COLOURS[side], players: [] };
  };
  const filled = ({ name, code, colour, players = [] }: Team): TeamForm => ({ name, code, colour, players: players.map(rowOf) });
  return teams ? { home: filled(teams.home), away: filled(teams.away) } : { home: blank("home"), away: blank("away") };
}

function rowOf({ number, name, position = "", starts = false, captain = false }: Player): PlayerForm {
  return { id: newId(), number: String(number), name, position, starts, captain };
}

/** Teams for the API, and errors by field id. */
export function teamsOf(form: TeamsForm): { teams: Teams; errors: Record<string, string> } {
  const w = words.w.teams;
  const errors: Record<string, string> = {};
  for (const side of SIDES) {
    const { name, code, players } = form[side];
    if (!name.trim()) errors[`${side}-name`] = w.nameMissing;
    if (!/^[A-Z0-9]{2,4}$/.test(code)) errors[`${side}-code`] = w.codeWrong;
    const seen = new Set<number>();
    for (const { id, number } of players) {
      const shirt = wholeOf(number);
      if (shirt === null || shirt < 1 || shirt > SHIRT_MAX) errors[id] = w.numberWrong;
      else if (seen.has(shirt)) errors[id] = w.numberTwice(shirt);
      else seen.add(shirt);
    }
    if (players.filter(({ starts }) => starts).length > STARTERS_MAX) errors[`${side}-players`] = w.startersTooMany;
  }
  if (!errors["home-code"] && !errors["away-code"] && form.home.code === form.away.code) errors["away-code"] = w.codesAlike;
  return { teams: { home: teamOf(form.home), away: teamOf(form.away) }, errors };
}

const teamOf = ({ name, code, colour, players }: TeamForm): Team => ({ name: name.trim(), code, colour, players: players.map(playerOf) });

function playerOf({ number, name, position, starts, captain }: PlayerForm): Player {
  return { number: Number(number), name: name.trim(), position, starts, ...(captain ? { captain } : {}) };
}

const MARKS = meanings(({ marks }) => marks);
const COLUMNS = meanings(({ columns, marks }) => ({ ...columns, ...marks }));
const PLACES = meanings(({ positions }) => positions);
const NO = meanings(({ no }) => ({ no: ["", "0", ...no] }));

/** Parse a list of players: `number; name; position`, then `captain` and `bench`, or named columns in any order. */
export function readPlayers(lines: Line[]): Reading<PlayerForm> {
  const w = words.w.teams;
  const reading: Reading<PlayerForm> = { items: [], defects: [], known: 0 };
  const heads = lines[0]?.cells.map((cell) => COLUMNS.get(plain(cell))) ?? [];
  const named = heads.includes("number");
  const seen = new Set<number>();
  let flags = { starts: false, captain: false, bench: false };
  const benched = new Set<PlayerForm>();

  for (const { number: line, cells } of named ? lines.slice(1) : lines) {
    const wrong: string[] = [];
    const player = blankPlayer();
    const mark = (flag: "starts" | "bench" | "captain"): void => {
      if (flag === "captain" && flags.captain) wrong.push(w.captainTwice);
      flags = { ...flags, [flag]: true };
      if (flag === "bench") benched.add(player);
      else player[flag] = true;
    };
    cells.forEach((cell, place) => {
      const column = named ? heads[place] : (["number", "name"] as const)[place];
      if (column === "number") player.number = cell;
      else if (column === "name") player.name = cell;
      else if (column === "position" || (!named && PLACES.has(plain(cell)))) {
        const position = cell ? PLACES.get(plain(cell)) : "";
        if (position === undefined) wrong.push(w.positionUnknown(cell));
        else player.position = position;
      } else if (column) {
        if (!NO.has(plain(cell))) mark(column);
      } else if (!named && cell) {
        const flag = MARKS.get(plain(cell));
        if (flag) mark(flag);
        else wrong.push(w.wordUnknown(cell));
      }
    });
    const shirt = wholeOf(player.number);
    if (shirt === null || shirt < 1 || shirt > SHIRT_MAX) wrong.push(w.numberWrong);
    else if (seen.has(shirt)) wrong.push(w.numberTwice(shirt));
    else seen.add(shirt);
    if (player.name.length > NAME_MAX) wrong.push(w.nameLong);
    reading.defects.push(...wrong.map((text) => ({ line, text })));
    if (wrong.length === 0) reading.items.push({ line, item: player });
  }
  // Without marks, the first players of a list start.
  if (!flags.starts) reading.items.filter(({ item }) => !benched.has(item)).slice(0, STARTERS_MAX).forEach(({ item }) => (item.starts = true));
  const starters = reading.items.filter(({ item }) => item.starts);
  if (starters.length > STARTERS_MAX) reading.defects.push({ line: starters[STARTERS_MAX]!.line, text: w.startersTooMany });
  return reading;
}

/** Form values by stable keys; a player's key is the shirt number. */
export function factsOf(form: TeamsForm): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const side of SIDES) {
    const { name, code, colour, players } = form[side];
    Object.assign(facts, { [`${side} name`]: name, [`${side} code`]: code, [`${side} colour`]: colour });
    for (const player of players) facts[`${side} ${player.number}`] = JSON.stringify({ ...player, id: "" });
  }
  return facts;
}

/** Set a form value; without a value, remove the player with that shirt number. */
export function setFact(form: TeamsForm, key: string, fact: string | undefined): void {
  const [side, member] = key.split(" ") as [Side, string];
  if (member === "name" || member === "code" || member === "colour") return void (form[side][member] = fact ?? "");
  const { players } = form[side];
  const at = players.findIndex(({ number }) => number === member);
  const rows = fact ? [{ ...(JSON.parse(fact) as PlayerForm), id: newId() }] : [];
  players.splice(at < 0 ? players.length : at, at < 0 ? 0 : 1, ...rows);
}

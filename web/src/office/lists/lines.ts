/** Lists that come as text: lines of cells, pasted or out of a file of a spreadsheet. */
export interface Line {
  /** As people count, from 1. */
  number: number;
  cells: string[];
}

export interface Defect {
  line: number;
  text: string;
}

/** What a text says: what can be added, what cannot, and how many are there already. */
export interface Reading<Item> {
  items: { line: number; item: Item }[];
  defects: Defect[];
  known: number;
}

/** Quotes keep a separator within a cell, and two of them mean one. */
function cellsOf(line: string, separator: string): string[] {
  const cells = [""];
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at]!;
    if (sign === '"' && quoted && line[at + 1] === '"') [cells[cells.length - 1]! += sign, at++];
    else if (sign === '"' && (quoted || cells.at(-1)!.trim() === "")) quoted = !quoted;
    else if (sign === separator && !quoted) cells.push("");
    else cells[cells.length - 1]! += sign;
  }
  return cells.map((cell) => cell.trim().replace(/\s+/g, " "));
}

/** The lines that say something. Cells are parted by semicolons, else by tabs, else by commas, the same in all lines. */
export function linesOf(text: string): Line[] {
  const separator = [";", "\t"].find((sign) => text.includes(sign)) ?? ",";
  return text
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ number: index + 1, cells: cellsOf(line, separator) }))
    .filter(({ cells }) => cells.some(Boolean));
}

/** A word as it is compared with those that a cell may hold. */
export const plain = (word: string): string => word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

/** A day as `2027-05-31` or `31/05/2027`, in the first of these forms; null for what is none. */
export function dayOf(cell: string): string | null {
  const [, year, month, day] = cell.match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/) ?? [];
  const [, day2, month2, year2] = cell.match(/^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/) ?? [];
  const iso = [year ?? year2, (month ?? month2)?.padStart(2, "0"), (day ?? day2)?.padStart(2, "0")].join("-");
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : null;
}

/** The text of a file: UTF-8, or what spreadsheets write where they do not write that. */
export async function textOf(file: File): Promise<string> {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

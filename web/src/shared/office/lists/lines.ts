/** Lists as text: lines of cells, pasted or from a spreadsheet file. */
import Papa from "papaparse";
import { meanings } from "./meanings";
import { plain } from "./plain";

export interface Line {
  /** Line number, from 1. */
  number: number;
  cells: string[];
}

export interface Defect {
  line: number;
  text: string;
}

/** Result of reading a text: entries to add, errors, and the number of known ones. */
export interface Reading<Item> {
  items: { line: number; item: Item }[];
  defects: Defect[];
  known: number;
}

/** Lines with content. Cells are separated by semicolons, else tabs, else commas, the same in all lines. */
export function linesOf(text: string): Line[] {
  const delimiter = [";", "\t"].find((sign) => text.includes(sign)) ?? ",";
  return Papa.parse<string[]>(text, { delimiter })
    .data.map((cells, index) => ({ number: index + 1, cells: cells.map((cell) => cell.trim().replace(/\s+/g, " ")) }))
    .filter(({ cells }) => cells.some(Boolean));
}

/** Content of a line: its errors, the key that identifies it, and the entry to add. */
export interface Meaning<Item> {
  wrong: string[];
  key: string;
  item: (id: string) => Item;
}

const COLUMNS = meanings(({ columns }) => columns);

/** Read lines without the header: each once, without those that are already `there`. */
export function readLines<Item>(
  lines: Line[],
  there: ReadonlySet<string>,
  meaning: (cells: string[]) => Meaning<Item>,
  twice: (line: number) => string,
  idOf: (key: string) => string,
): Reading<Item> {
  const reading: Reading<Item> = { items: [], defects: [], known: 0 };
  const seen = new Map<string, number>();
  for (const { number, cells } of COLUMNS.get(plain(lines[0]?.cells[0] ?? "")) === "name" ? lines.slice(1) : lines) {
    const { wrong, key, item } = meaning(cells);
    const firstLine = seen.get(key);
    if (wrong.length === 0 && firstLine !== undefined) wrong.push(twice(firstLine));
    seen.set(key, firstLine ?? number);
    reading.defects.push(...wrong.map((text) => ({ line: number, text })));
    if (wrong.length > 0) continue;
    if (there.has(key)) reading.known += 1;
    else reading.items.push({ line: number, item: item(idOf(key)) });
  }
  return reading;
}

/** A day as `2027-05-31` or `31/05/2027`, in the first of these forms; null if invalid. */
export function dayOf(cell: string): string | null {
  const [, year, month, day] = cell.match(/^(\d{4})-(\d{1,2})-(\d{1,2})$/) ?? [];
  const [, day2, month2, year2] = cell.match(/^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/) ?? [];
  const iso = [year ?? year2, (month ?? month2)?.padStart(2, "0"), (day ?? day2)?.padStart(2, "0")].join("-");
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : null;
}

const BINARY = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;

/** Text of a file: UTF-8, UTF-16, or the usual encoding of spreadsheets; null for binary content. */
export async function textOf(file: Blob): Promise<string | null> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const encodings = bytes[0] === 0xff && bytes[1] === 0xfe ? ["utf-16le"] : ["utf-8", "windows-1252"];
  for (const encoding of encodings) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      return BINARY.test(text) ? null : text;
    } catch {
      continue; // it is in the next encoding
    }
  }
  return null;
}

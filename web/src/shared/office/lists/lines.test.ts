import { expect, test } from "vitest";
import { dayOf, linesOf, textOf } from "./lines";
import { plain } from "./plain";

test("lines keep their number with any separator and line ending", () => {
  expect(linesOf("One Name; press ;one@example.org\r\n\r\nOther, Name;staff")).toEqual([
    { number: 1, cells: ["One Name", "press", "one@example.org"] },
    { number: 3, cells: ["Other, Name", "staff"] },
  ]);
  expect(linesOf("One\tpress")[0]!.cells).toEqual(["One", "press"]);
  expect(linesOf("One,press")[0]!.cells).toEqual(["One", "press"]);
});

test("quotes protect a separator, and a doubled quote is one", () => {
  expect(linesOf('"Name; with ""marks""";press')[0]!.cells).toEqual(['Name; with "marks"', "press"]);
});

test("a day is read in both forms, and an invalid one is rejected", () => {
  expect(["2027-05-31", "31/05/2027", "1.6.2027"].map(dayOf)).toEqual(["2027-05-31", "2027-05-31", "2027-06-01"]);
  expect(["2027-02-30", "05/31/2027", "tomorrow", ""].map(dayOf)).toEqual([null, null, null, null]);
});

test("words are compared without accents and case", () => {
  expect(plain("Équipe ")).toBe("equipe");
});

test("a file that is not text is rejected by its content", async () => {
  const picture = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
  const noise = new Uint8Array(300_000).map((_, index) => (index * 7919) % 256);
  for (const bytes of [picture, noise]) expect(await textOf(new Blob([bytes], { type: "text/csv" }))).toBeNull();
});

test("a list from a spreadsheet is read in each of its encodings", async () => {
  const utf16 = new Uint8Array([0xff, 0xfe, ...[..."Noé;"].flatMap((sign) => [sign.charCodeAt(0), 0])]);
  const latin = new Uint8Array([..."Noé;"].map((sign) => sign.charCodeAt(0)));
  for (const bytes of [utf16, latin, new TextEncoder().encode("Noé;")]) expect(await textOf(new Blob([bytes]))).toBe("Noé;");
});

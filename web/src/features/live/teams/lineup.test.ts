import { beforeAll, expect, test } from "vitest";
import { LANGUAGES } from "../../../shared/i18n/i18n.svelte";
import { linesOf } from "../../../shared/office/lists/lines";
import { merged } from "../../../shared/office/merge";
import { words } from "../../../shared/office/words.svelte";
import { codeOf, factsOf, formOf, readPlayers, setFact, teamsOf } from "./lineup";

beforeAll(() => words.use("en"));

const read = (text: string) => readPlayers(linesOf(text));
const players = (text: string) => read(text).items.map(({ item }) => item);

test("a list without columns has number, name and position, and words for captain and bench", () => {
  const [first, second, third] = players("1; One; GK\n9; Nine; FW; captain\n14; ; ; bench");
  expect(first).toMatchObject({ number: "1", name: "One", position: "goalkeeper", starts: true, captain: false });
  expect(second).toMatchObject({ position: "forward", captain: true, starts: true });
  expect(third).toMatchObject({ number: "14", name: "", starts: false });
});

test("a list with named columns may have others, in any order and either language", () => {
  const found = players("Nom,N°,Licence,Poste,Titulaire\nUn,1,778,gardien,oui\nDeux,2,779,défenseur,non");
  expect(found.map(({ number, name, position, starts }) => [number, name, position, starts])).toEqual([
    ["1", "Un", "goalkeeper", true],
    ["2", "Deux", "defender", false],
  ]);
});

test("a list may be in German", () => {
  const [first, second, third] = players("1; Eins; Torwart\n9; Neun; Stürmer; Kapitän\n14; ; MITTELFELD; Bank");
  expect(first).toMatchObject({ position: "goalkeeper", starts: true });
  expect(second).toMatchObject({ position: "forward", captain: true });
  expect(third).toMatchObject({ position: "midfielder", starts: false });
});

test("the sample list of every language can be read", async () => {
  for (const language of Object.keys(LANGUAGES)) {
    await words.use(language);
    expect(players(words.w.teams.pasteSample).map(({ position, captain, starts }) => [position, captain, starts]), language).toEqual([
      ["goalkeeper", false, true],
      ["defender", true, true],
      ["midfielder", false, false],
    ]);
  }
  await words.use("en");
});

test("the first eleven start if a list does not mark starters", () => {
  const text = Array.from({ length: 14 }, (_, index) => `${index + 1};`).join("\n");
  expect(players(text).filter(({ starts }) => starts)).toHaveLength(11);
});

test.each([
  ["0; None", 1, "1 to 99"],
  ["7; One\n7; Other", 2, "used twice"],
  ["7; One; captain\n8; Other; captain", 2, "only one captain"],
  ["7; One; sweeper", 1, "sweeper"],
  ["number;name;position\n7;One;sweeper", 2, "sweeper"],
])("an error in %j has its line", (text, line, said) => {
  expect(read(text).defects).toEqual([{ line, text: expect.stringContaining(said) as unknown }]);
});

test("the title of a match names its teams", () => {
  const form = formOf(null, "Élan FC – Étoile");
  expect([form.home.name, form.home.code, form.away.name, form.away.code]).toEqual(["Élan FC", "ELA", "Étoile", "ETO"]);
  expect(codeOf("FC")).toBe("FC");
});

test("teams with the same short name, or a shirt twice, are not sent", () => {
  const form = formOf(null, "Rivers – River City");
  form.home.players = players("4; One");
  form.home.players.push({ ...form.home.players[0]!, id: "again" });
  expect(teamsOf(form).errors).toEqual({ "away-code": expect.any(String) as unknown, again: expect.any(String) as unknown });
});

test("changes of two people are merged, and where both changed a field mine stays", () => {
  const base = { title: "Old", doors: "19:00", limit: "9" };
  const both = merged(base, { ...base, title: "Mine", limit: "4" }, { ...base, title: "Theirs", doors: "18:00" }, ["title", "doors", "limit"]);
  expect(both.form).toEqual({ title: "Mine", doors: "18:00", limit: "4" });
  expect(both.differ).toEqual(["title", "doors", "limit"]);
});

test("a removed, added or renamed player is a form value by shirt number", () => {
  const form = formOf(null, "One – Two");
  form.home.players = players("4; Four\n5; Five");
  const facts = factsOf(form);
  setFact(form, "home 4", undefined);
  setFact(form, "home 6", facts["home 5"]!.replace('"5"', '"6"'));
  expect(form.home.players.map(({ number }) => number)).toEqual(["5", "6"]);
});

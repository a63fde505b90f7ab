import { expect, it } from "vitest";
import { control } from "$messages/en/web/control";
import { control as french } from "$messages/fr/web/control";
import { parseCall, placeOf } from "./call";

const zones = new Map(["203", "A1", "N"].map((code) => [code.toLowerCase(), code]));
const call = (line: string) => parseCall(line, control.kinds, zones);

it("reads kind, seat and text", () => {
  expect(call("medical 203-4-12 man collapsed")).toEqual({
    kind: "medical",
    priority: 1,
    place: { by: "seat", block: "203", row: "4", seat: "12" },
    text: "man collapsed",
  });
});

it("knows a kind by its first three letters, with or without accents, in the language of the screen", () => {
  expect(call("med a1 ill")?.kind).toBe("medical");
  expect(parseCall("medical bras cassé", french.kinds, zones)?.kind).toBe("medical");
  expect(parseCall("enfant perdu", french.kinds, zones)).toMatchObject({ kind: "lost_child", text: "perdu" });
});

it("logs what names no kind, or several, as other, with the whole line", () => {
  expect(call("water on the stairs")).toEqual({ kind: "other", priority: 3, place: null, text: "water on the stairs" });
  expect(call("fi smoke")?.kind).toBe("other");
});

it("finds a zone and a priority anywhere after the kind, and keeps the second of each as text", () => {
  expect(call("fire smoke at a1 P2")).toEqual({ kind: "fire", priority: 2, place: { by: "zone", zone: "A1" }, text: "smoke at" });
  expect(call("crowd a1 n p1 p2")).toMatchObject({ place: { by: "zone", zone: "A1" }, text: "n p2", priority: 1 });
});

it("has no text for a call that is only a kind, and nothing for an empty line", () => {
  expect(call("fire")).toEqual({ kind: "fire", priority: 1, place: null, text: null });
  expect(call("   ")).toBeNull();
});

it("takes only places of the venue", () => {
  expect(placeOf("999-4-12", zones)).toBeNull();
  expect(placeOf("203-4", zones)).toBeNull();
  expect(placeOf("203-4-12-1", zones)).toBeNull();
});

import { describe, expect, it } from "vitest";
import type { Entrance, Label, Leg } from "../../../shared/api/words";
import { messages as en } from "$messages/en/web/index";
import { messages as fr } from "$messages/fr/web/index";
import { afterGate, directions, nameOf } from "./directions";

const label = { gate_group: "B", stand: "Virage Nord", block: "203", row: "4", seat: 12 } as Label;
const leg = (kind: Leg["kind"], to: string, more: Partial<Leg>): Leg =>
  ({ kind, to, floor: "ring1", to_floor: "ring2", metres: 10, seconds: 10, turn: "", steps: 0, line: [], ...more }) as Leg;
const way: Entrance["route"] = {
  metres: 300,
  seconds: 260,
  steps: 84,
  step_free: false,
  legs: [
    leg("ramp", "", { floor: "road", to_floor: "podium" }),
    leg("level", "gate:B1", { turn: "left" }),
    leg("stairs", "stairs:N3", { steps: 55 }),
    leg("lift", "lift-N-1", { to_floor: "ring3" }),
    leg("level", "block:203", { turn: "right" }),
    leg("stairs", "row", { steps: -29 }),
    leg("row", "seat", {}),
  ],
};

describe("directions", () => {
  it("describes every leg in English", () => {
    expect(directions(way, "ramp:N1", label, en.route).map((entry) => entry.text)).toEqual([
      "Take ramp N1 up to the podium",
      "Turn left to gate B1",
      "Take stairs N3 up to the middle tier, 55 steps",
      "Take lift N1 to the upper tier",
      "Turn right to block 203",
      "Go down 29 steps to row 4",
      "Along row 4 to seat 12",
    ]);
  });

  it("describes every leg in French", () => {
    expect(directions(way, "ramp:N1", label, fr.route).map((entry) => entry.text)).toEqual([
      "Montez au parvis par la rampe N1",
      "Tournez à gauche jusqu’à la porte B1",
      "Prenez l’escalier N3, montez 55 marches vers l’anneau intermédiaire",
      "Prenez l’ascenseur N1 vers l’anneau supérieur",
      "Tournez à droite jusqu’à l’entrée du bloc 203",
      "Descendez 29 marches jusqu’au rang 4",
      "Suivez le rang 4 jusqu’à la place 12",
    ]);
  });

  it("begins at the gate after it was passed", () => {
    const left = afterGate(way, "gate:B1");
    expect(directions(left, "ramp:N1", label, en.route)[0]!.text).toBe("Take stairs N3 up to the middle tier, 55 steps");
    expect([left.legs.length, left.metres, left.steps, left.step_free]).toEqual([5, 50, 84, false]);
  });

  it("names places without their kind", () => {
    expect([nameOf("gate:A1"), nameOf("lift-N-1"), nameOf("stairs:E5")]).toEqual(["A1", "N1", "E5"]);
  });
});

/** Events by player for the line-ups: goals, bookings, substitutions. */
import { scorerSide, type EffectiveEntry, type Side } from "./feed";

export interface Mark {
  entry: EffectiveEntry;
  kind: "goal" | "own_goal" | "yellow" | "second_yellow" | "red" | "on" | "off";
}

const key = (side: Side, number: number): string => `${side} ${number}`;

export class PlayerEvents {
  readonly #marks = new Map<string, Mark[]>();

  constructor(happened: readonly EffectiveEntry[]) {
    for (const entry of happened) {
      const { told } = entry;
      if (told.kind === "card") this.#mark(told.side, told.player, { entry, kind: told.colour });
      else if (told.kind === "substitution") {
        this.#mark(told.side, told.off, { entry, kind: "off" });
        this.#mark(told.side, told.on, { entry, kind: "on" });
      } else if (told.kind === "goal" && told.player) this.#mark(scorerSide(told), told.player, { entry, kind: told.manner === "own" ? "own_goal" : "goal" });
    }
  }

  #mark(side: Side, number: number, mark: Mark): void {
    this.#marks.set(key(side, number), [...this.of(side, number), mark]);
  }

  of(side: Side, number: number): Mark[] {
    return this.#marks.get(key(side, number)) ?? [];
  }

  /** Whether a player was substituted or sent off. */
  isOff(side: Side, number: number): boolean {
    return this.of(side, number).some(({ kind }) => kind === "off" || kind === "red" || kind === "second_yellow");
  }
}

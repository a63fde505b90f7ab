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
      const { content } = entry;
      if (content.kind === "card") this.#mark(content.side, content.player, { entry, kind: content.colour });
      else if (content.kind === "substitution") {
        this.#mark(content.side, content.off, { entry, kind: "off" });
        this.#mark(content.side, content.on, { entry, kind: "on" });
      } else if (content.kind === "goal" && content.player) this.#mark(scorerSide(content), content.player, { entry, kind: content.manner === "own" ? "own_goal" : "goal" });
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

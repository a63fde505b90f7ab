/** Ending an entry of a list: confirmation, request, and the server's refusal. */
import type { Answer, Problem } from "../api/answer";
import { acting } from "./acting.svelte";

export class Ending<Thing> {
  /** Entry in question; null while nothing is asked. */
  asked = $state.raw<Thing | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  readonly #end: (thing: Thing) => Promise<Answer<unknown>>;
  readonly #ended: () => void;

  constructor(end: (thing: Thing) => Promise<Answer<unknown>>, ended: () => void) {
    [this.#end, this.#ended] = [end, ended];
  }

  ask(thing: Thing): void {
    [this.asked, this.problem] = [thing, null];
  }

  async confirm(): Promise<void> {
    const thing = this.asked!;
    [this.busy, this.problem] = [true, null];
    const answer = await acting(() => this.#end(thing));
    this.busy = false;
    if (!answer.ok) return void (this.problem = answer.problem);
    this.asked = null;
    this.#ended();
  }
}

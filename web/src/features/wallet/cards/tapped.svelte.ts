/** The tap that opened the page: parsed from the address, sent to the server, and kept to link the card. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { TapPage } from "../../../shared/api/words";
import { dropTap, keepTap, pendingTap } from "./pendingTap";
import { messageOf, type Message } from "./tap";

export type Stage = "none" | "malformed" | "asking" | "told" | "refused";

export class Tapped {
  stage = $state<Stage>("none");
  answer = $state.raw<TapPage | null>(null);
  problem = $state.raw<Problem | null>(null);
  message = $state.raw<Message | null>(null);

  /** Take the tap of the address and remove it from the address, so that it is not in the history. */
  take(query: URLSearchParams): void {
    const found = messageOf(query);
    if (found) history.replaceState(history.state, "", location.pathname);
    if (found === "malformed") [this.stage, this.message, this.answer] = ["malformed", null, null];
    else this.use(found ?? pendingTap());
  }

  /** Take a tap read by this phone or kept before. */
  use(message: Message | null): void {
    [this.message, this.answer, this.problem] = [message, null, null];
    if (message) void this.ask();
    else this.stage = "none";
  }

  /** Ask the server; for five minutes it answers the same tap again. */
  async ask(): Promise<void> {
    const { message } = this;
    if (!message) return;
    keepTap(message);
    this.stage = "asking";
    const answer = await answered<TapPage>(api.GET("/api/wallet/tap", { params: { query: message } }));
    if (this.message !== message) return;
    if (answer.ok) [this.stage, this.answer] = ["told", answer.data];
    else [this.stage, this.problem] = ["refused", answer.problem];
    if (!answer.ok && answer.problem.status >= 400 && answer.problem.status < 429) dropTap();
  }

  /** The card is linked: the tap is used, and the owner knows the card. */
  done(cardId: string): void {
    dropTap();
    this.message = null;
    if (this.answer) this.answer = { ...this.answer, linked: true, card_id: cardId };
  }
}

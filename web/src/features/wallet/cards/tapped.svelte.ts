/** One tap on the page that it opened: read out of the address, asked of the server, kept for the link. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { TapPage } from "../../../shared/api/words";
import { held, hold, letGo } from "./held";
import { messageOf, type Message } from "./tap";

export type Stage = "none" | "malformed" | "asking" | "told" | "refused";

export class Tapped {
  stage = $state<Stage>("none");
  told = $state.raw<TapPage | null>(null);
  problem = $state.raw<Problem | null>(null);
  message = $state.raw<Message | null>(null);

  /** Take the tap of an address, which is cleaned of it at once: whoever looks through the history finds none. */
  take(query: URLSearchParams): void {
    const found = messageOf(query);
    if (found) history.replaceState(history.state, "", location.pathname);
    if (found === "malformed") [this.stage, this.message, this.told] = ["malformed", null, null];
    else this.use(found ?? held());
  }

  /** Take what this phone's own reader saw, or what was kept. */
  use(message: Message | null): void {
    [this.message, this.told, this.problem] = [message, null, null];
    if (message) void this.ask();
    else this.stage = "none";
  }

  /** Ask the server, again if need be: for five minutes it answers the same page. */
  async ask(): Promise<void> {
    const { message } = this;
    if (!message) return;
    hold(message);
    this.stage = "asking";
    const answer = await answered<TapPage>(api.GET("/api/wallet/tap", { params: { query: message } }));
    if (this.message !== message) return;
    if (answer.ok) [this.stage, this.told] = ["told", answer.data];
    else [this.stage, this.problem] = ["refused", answer.problem];
    if (!answer.ok && answer.problem.status >= 400 && answer.problem.status < 429) letGo();
  }

  /** The card is linked: the reading has served, and its owner knows which card it is. */
  done(cardId: string): void {
    letGo();
    this.message = null;
    if (this.told) this.told = { ...this.told, linked: true, card_id: cardId };
  }
}

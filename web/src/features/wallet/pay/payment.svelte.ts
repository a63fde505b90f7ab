/** One payment by this phone: what the till asks, the fan's yes, and its way to the till with network or without. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { ProofSent } from "../../../shared/api/words";
import { keep } from "../../../shared/runtime/keep";
import { prove, type PhoneKey } from "../phone/keys";
import type { Challenge } from "./challenge";

/** asked → (declined | waiting → paid); what the server refuses is `refused`. */
export type Stage = "asked" | "declined" | "waiting" | "paid" | "refused";

interface Kept {
  id: string;
  key: string;
  proof: string;
}
const PAUSE_MS = 1500;
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Payment {
  stage = $state<Stage>("asked");
  /** The fan's yes, as it is shown to the till. */
  proof = $state<string | null>(null);
  /** Whether the till was told by way of the server. */
  sent = $state(false);
  problem = $state.raw<Problem | null>(null);
  #ended = false;

  constructor(readonly challenge: Challenge) {}

  /** Take up a yes that was said before: the page was loaded again. */
  async resume(key: PhoneKey): Promise<void> {
    const kept = await keep.get<Kept>("payment");
    if (kept?.id === this.challenge.id && kept.key === key.id && this.stage === "asked") this.#waitWith(kept.proof);
  }

  async sayYes(key: PhoneKey): Promise<void> {
    const proof = await prove(key, this.challenge);
    await keep.put("payment", { id: this.challenge.id, key: key.id, proof } satisfies Kept);
    this.#waitWith(proof);
  }

  decline(): void {
    this.stage = "declined";
  }

  stop(): void {
    this.#ended = true;
  }

  #waitWith(proof: string): void {
    [this.stage, this.proof] = ["waiting", proof];
    void this.#follow(proof);
  }

  /** Send it until it has arrived, then ask until the till has booked it. Without network the code on the screen does. */
  async #follow(proof: string): Promise<void> {
    const body = { challenge: this.challenge, proof };
    const path = { record_id: this.challenge.id };
    while (!this.#ended && this.stage === "waiting") {
      const answer = this.sent
        ? await answered<ProofSent>(api.GET("/api/wallet/proofs/{record_id}", { params: { path } }))
        : await answered<ProofSent>(api.POST("/api/wallet/proofs", { body }));
      if (this.#ended) return;
      this.#learn(answer.ok ? answer.data : null, answer.ok ? null : answer.problem);
      if (this.stage === "waiting") await later(PAUSE_MS);
    }
  }

  #learn(told: ProofSent | null, problem: Problem | null): void {
    this.problem = problem;
    if (told) [this.sent, this.stage] = [true, told.state === "paid" ? "paid" : "waiting"];
    else if (problem && problem.status >= 400 && problem.status < 500 && ![401, 429].includes(problem.status)) this.stage = "refused";
  }
}

/** A payment by this phone: the till's request, the fan's confirmation, and its way to the till online or offline. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { ProofSent } from "../../../shared/api/words";
import { keep } from "../../../shared/runtime/keep";
import { prove, type PhoneKey } from "../phone/keys";
import type { Challenge } from "./challenge";

/** asked → (declined | waiting → paid); `refused` by the server. */
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
  /** The confirmation as shown to the till. */
  proof = $state<string | null>(null);
  /** Whether the server informed the till. */
  sent = $state(false);
  problem = $state.raw<Problem | null>(null);
  #ended = false;

  constructor(readonly challenge: Challenge) {}

  /** Resume a confirmed payment after a reload. */
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

  /** Send until it arrives, then poll until the till has booked it. Offline, the code on the screen is enough. */
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

  #learn(answer: ProofSent | null, problem: Problem | null): void {
    this.problem = problem;
    if (answer) [this.sent, this.stage] = [true, answer.state === "paid" ? "paid" : "waiting"];
    else if (problem && problem.status >= 400 && problem.status < 500 && ![401, 429].includes(problem.status)) this.stage = "refused";
  }
}

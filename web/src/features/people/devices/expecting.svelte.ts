/** A pending pairing: its code, and further codes for it, until the device is paired or it is given up. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { newId } from "../../../shared/runtime/ids";
import { toasts } from "../../../shared/runtime/toasts.svelte";
import { acting } from "../../../shared/office/acting.svelte";
import type { Pairing, PairingRequest } from "../../../shared/office/types";
import { words } from "../../../shared/office/words.svelte";

export class Expecting {
  wish = $state.raw<PairingRequest | null>(null);
  pairing = $state.raw<Pairing | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  /** Kept until the code is closed, so that a retry is the same pairing. */
  #id = newId();
  /** The device is paired. */
  readonly came: () => void;
  readonly #put: () => void;

  /** `put`: the code was closed, and the form is for another device. */
  constructor(came: () => void, put: () => void) {
    [this.came, this.#put] = [came, put];
  }

  async expect(device: Omit<PairingRequest, "id">): Promise<void> {
    this.wish = { id: this.#id, ...device };
    await this.ask();
  }

  /** Request a code, or another one for the same pairing; the previous one becomes invalid. */
  async ask(): Promise<void> {
    const wish = this.wish!;
    [this.busy, this.problem] = [true, null];
    const answer = await acting(() => answered<Pairing>(api.POST("/api/office/devices/pairings", { body: wish })));
    this.busy = false;
    if (answer.ok) return void (this.pairing = answer.data);
    this.pairing = null;
    if (answer.problem.code !== "id_taken") return void (this.problem = answer.problem);
    toasts.say(words.w.devices.came(wish.name), "good"); // it was paired while another code was requested
    this.came();
    this.close();
  }

  close(): void {
    [this.pairing, this.wish, this.#id] = [null, null, newId()];
    this.#put();
  }
}

/** A pending pairing: its code, and further codes for it, until the device is paired or it is given up. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { newId } from "../../../shared/runtime/ids";
import { toasts } from "../../../shared/runtime/toasts.svelte";
import { acting } from "../../../shared/office/acting.svelte";
import type { Pairing, PairingRequest } from "../../../shared/office/types";
import { words } from "../../../shared/office/words.svelte";

export class PendingPairing {
  request = $state.raw<PairingRequest | null>(null);
  pairing = $state.raw<Pairing | null>(null);
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  /** Kept until the code is closed, so that a retry is the same pairing. */
  #id = newId();
  /** The device is paired. */
  readonly onPaired: () => void;
  readonly #onClosed: () => void;

  /** `onClosed`: the code was closed, and the form is for another device. */
  constructor(onPaired: () => void, onClosed: () => void) {
    [this.onPaired, this.#onClosed] = [onPaired, onClosed];
  }

  async start(device: Omit<PairingRequest, "id">): Promise<void> {
    this.request = { id: this.#id, ...device };
    await this.requestCode();
  }

  /** Request a code, or another one for the same pairing; the previous one becomes invalid. */
  async requestCode(): Promise<void> {
    const request = this.request!;
    [this.busy, this.problem] = [true, null];
    const answer = await acting(() => answered<Pairing>(api.POST("/api/office/devices/pairings", { body: request })));
    this.busy = false;
    if (answer.ok) return void (this.pairing = answer.data);
    this.pairing = null;
    if (answer.problem.code !== "id_taken") return void (this.problem = answer.problem);
    toasts.say(words.w.devices.pairedTitle(request.name), "good"); // it was paired while another code was requested
    this.onPaired();
    this.close();
  }

  close(): void {
    [this.pairing, this.request, this.#id] = [null, null, newId()];
    this.#onClosed();
  }
}

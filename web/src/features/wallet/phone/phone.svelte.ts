/** This phone as a virtual card: whether it pays, and the other phones of the fan. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { MyPhone } from "../../../shared/api/words";
import { keep } from "../../../shared/runtime/keep";
import { forgetPhoneKey, freshPhoneKey, phoneKey, publicHalf, type PhoneKey } from "./keys";

interface Kept {
  owner: string;
  phones: MyPhone[];
}

export class Phone {
  /** All phones of the fan that pay; null until loaded. */
  phones = $state.raw<MyPhone[] | null>(null);
  /** Key of this phone, once registered. */
  key = $state.raw<PhoneKey | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The browser cannot store keys: a private window or an old browser. */
  unable = $state(false);

  constructor(private readonly owner: string) {}

  get on(): boolean {
    return this.key !== null;
  }

  async load(): Promise<void> {
    const kept = await keep.get<Kept>("phones");
    if (!this.phones && kept?.owner === this.owner) await this.#know(kept.phones);
    const answer = await answered<MyPhone[]>(api.GET("/api/me/virtual-card"));
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok) await this.#know(answer.data);
  }

  /** Register this phone. If the answer was lost, the key is found in the list; otherwise a new one is made. */
  async switchOn(label: string): Promise<Problem | null> {
    await this.load();
    if (this.on || this.problem) return this.problem;
    let key: PhoneKey;
    try {
      key = await freshPhoneKey(this.owner);
    } catch {
      this.unable = true;
      return null;
    }
    const body = { id: key.id, public_key: publicHalf(key), label };
    const answer = await answered<MyPhone>(api.PUT("/api/me/virtual-card", { body }));
    if (!answer.ok) return answer.problem;
    await this.load();
    return null;
  }

  /** Revoke a phone, this or a lost one, permanently. */
  async switchOff(id: string): Promise<Problem | null> {
    const answer = await answered(api.DELETE("/api/me/virtual-card/{key_id}", { params: { path: { key_id: id } } }));
    if (!answer.ok && answer.problem.code !== "not_found") return answer.problem;
    if (this.key?.id === id) await forgetPhoneKey(this.owner).catch(() => undefined); // the server has revoked it
    await this.load();
    return null;
  }

  async #know(phones: MyPhone[]): Promise<void> {
    const key = await phoneKey(this.owner).catch(() => undefined);
    this.key = key && phones.some((phone) => phone.id === key.id) ? key : null;
    this.phones = phones;
    await keep.put("phones", { owner: this.owner, phones } satisfies Kept);
  }
}

/** Name of this device, as far as the browser reveals it. */
export function deviceName(agent: string): string {
  return /iPhone|iPad|Android|Macintosh|Windows|Linux/.exec(agent)?.[0].replace("Macintosh", "Mac") ?? "";
}

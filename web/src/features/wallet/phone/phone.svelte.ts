/** This phone as a card: whether it pays, and which other phones of its owner do. */
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
  /** All phones of the owner that pay; null before anything is known. */
  phones = $state.raw<MyPhone[] | null>(null);
  /** The key of this phone, once the server knows it. */
  key = $state.raw<PhoneKey | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** This browser keeps no keys: a private window, or an old one. */
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

  /** Let this phone pay. A key whose answer got lost is known by the list; any other one is made anew. */
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

  /** Let a phone pay no longer: this one or a lost one, at once and for ever. */
  async switchOff(id: string): Promise<Problem | null> {
    const answer = await answered(api.DELETE("/api/me/virtual-card/{key_id}", { params: { path: { key_id: id } } }));
    if (!answer.ok && answer.problem.code !== "not_found") return answer.problem;
    if (this.key?.id === id) await forgetPhoneKey(this.owner).catch(() => undefined); // the server takes it no more
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

/** What to call this device, as far as the browser tells. */
export function deviceName(agent: string): string {
  return /iPhone|iPad|Android|Macintosh|Windows|Linux/.exec(agent)?.[0].replace("Macintosh", "Mac") ?? "";
}

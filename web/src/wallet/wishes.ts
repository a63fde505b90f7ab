/**
 * What this browser asked for and does not know the end of: its ids are kept, so that asking again is the same wish
 * and never a second charge. A wish is written before it is sent.
 */
import type { Problem } from "../api/answer";
import { newId } from "../kernel/ids";
import { storage } from "../kernel/storage";

export interface Wish {
  id: string;
  payment_id: string;
  cents: number;
}

/** Whether a refusal says that the wish came to nothing; without an answer, or with one about something else, it may stand. */
export function isEnd({ status, code }: Problem): boolean {
  return status >= 400 && status < 500 && status !== 401 && status !== 429 && code !== "cross_site";
}

/** The wish to send for an amount: the one that is open, if it is of the same amount. */
export function wishFor(open: Wish | null, cents: number, make = newId): Wish {
  return open?.cents === cents ? open : { id: make(), payment_id: make(), cents };
}

const key = (kind: string, owner: string): string => `purse.${kind}.${owner}`;

/** The open wishes of one fan on this browser. */
export class Wishes {
  constructor(private readonly owner: string) {}

  get topUp(): Wish | null {
    return storage.read<Wish>(key("topUp", this.owner));
  }

  keepTopUp(wish: Wish): void {
    storage.write(key("topUp", this.owner), wish);
  }

  /** The end of a top-up is known. Another window may have begun another one since: that stays. */
  endTopUp(id: string): void {
    if (this.topUp?.id === id) storage.write(key("topUp", this.owner), null);
  }

  /** The id of the payout that is open, or of a new one. */
  payOut(): string {
    const id = storage.read<string>(key("payOut", this.owner)) ?? newId();
    storage.write(key("payOut", this.owner), id);
    return id;
  }

  endPayOut(): void {
    storage.write(key("payOut", this.owner), null);
  }
}

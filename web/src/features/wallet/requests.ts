/**
 * Requests of this browser whose result is not known yet. Their ids are stored before they are sent, so that a retry
 * is the same request and never a second charge.
 */
import type { Problem } from "../../shared/api/answer";
import { newId } from "../../shared/runtime/ids";
import { storage } from "../../shared/runtime/storage";

export interface PendingTopUp {
  id: string;
  payment_id: string;
  cents: number;
}

/** Whether a refusal is final. Without an answer, or with an unrelated refusal, the request may have succeeded. */
export function isEnd({ status, code }: Problem): boolean {
  return status >= 400 && status < 500 && status !== 401 && status !== 429 && code !== "cross_site";
}

/** Return the top-up to send for an amount: the pending one if its amount is the same, otherwise a new one. */
export function pendingFor(open: PendingTopUp | null, cents: number, make = newId): PendingTopUp {
  return open?.cents === cents ? open : { id: make(), payment_id: make(), cents };
}

const key = (kind: string, owner: string): string => `purse.${kind}.${owner}`;

/** The pending requests of one fan in this browser. */
export class PendingRequests {
  constructor(private readonly owner: string) {}

  get topUp(): PendingTopUp | null {
    return storage.read<PendingTopUp>(key("topUp", this.owner));
  }

  keepTopUp(topUp: PendingTopUp): void {
    storage.write(key("topUp", this.owner), topUp);
  }

  /** Forget a top-up whose result is known. A newer one, begun in another window, stays. */
  endTopUp(id: string): void {
    if (this.topUp?.id === id) storage.write(key("topUp", this.owner), null);
  }

  /** Return the id of the pending payout, or of a new one. */
  payOut(): string {
    const id = storage.read<string>(key("payOut", this.owner)) ?? newId();
    storage.write(key("payOut", this.owner), id);
    return id;
  }

  endPayOut(): void {
    storage.write(key("payOut", this.owner), null);
  }
}

/** What the fan gave, received, or is offered by address: cached at once, then from the server. */
import { answered, type Answer, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { Ticket, Transfer } from "../../../shared/api/words";
import { clock } from "../../../shared/runtime/clock.svelte";
import { keep } from "../../../shared/runtime/keep";
import { session } from "../../../shared/session.svelte";

interface Stored {
  owner: string;
  transfers: Transfer[];
}

class Transfers {
  /** The latest first. */
  list = $state.raw<Transfer[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  #owner: string | undefined;

  async load(): Promise<void> {
    const me = session.me?.id;
    if (this.#owner !== me) [this.#owner, this.list, this.problem] = [me, null, null];
    if (!me) return;
    if (!this.list) {
      const stored = await keep.get<Stored>("transfers");
      if (stored?.owner === me) this.list = stored.transfers;
    }
    const answer = await answered<Transfer[]>(api.GET("/api/transfers"));
    if (me !== session.me?.id) return;
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok) await this.#keep(answer.data);
  }

  /** The open offer of a ticket by this fan. */
  offerOf(ticketId: string): Transfer | undefined {
    return this.list?.find((transfer) => transfer.direction === "given" && isOpen(transfer) && has(transfer, ticketId));
  }

  /** The transfer by which this fan has received a ticket and still holds it. */
  receiptOf(ticketId: string): Transfer | undefined {
    return this.list?.find((transfer) => transfer.direction === "received" && transfer.state === "accepted" && has(transfer, ticketId));
  }

  /** The transfer by which this fan has passed a ticket on. */
  passedOn(ticketId: string): Transfer | undefined {
    return this.list?.find((transfer) => transfer.direction === "given" && transfer.state === "accepted" && has(transfer, ticketId));
  }

  /** Offer tickets to an address, or by a link. The same id again is the same offer. */
  offer(id: string, ticketIds: string[], email: string | null): Promise<Answer<Transfer>> {
    return this.#act(api.POST("/api/transfers", { body: { id, ticket_ids: ticketIds, to_email: email } }));
  }

  cancel(id: string): Promise<Answer<Transfer>> {
    return this.#act(api.POST("/api/transfers/{transfer_id}/cancel", { params: { path: { transfer_id: id } } }));
  }

  accept(id: string, given_name: string, family_name: string, key: string | null): Promise<Answer<Transfer>> {
    return this.#act(api.POST("/api/transfers/{transfer_id}/accept", { params: { path: { transfer_id: id } }, body: { given_name, family_name, key } }));
  }

  giveBack(id: string, ticketId: string): Promise<Answer<Transfer>> {
    return this.#act(api.POST("/api/transfers/{transfer_id}/return", { params: { path: { transfer_id: id } }, body: { ticket_ids: [ticketId] } }));
  }

  async #act(call: Promise<{ data?: Transfer; error?: unknown; response: Response }>): Promise<Answer<Transfer>> {
    const answer = await answered<Transfer>(call);
    if (answer.ok) await this.#keep([answer.data, ...(this.list ?? []).filter(({ id }) => id !== answer.data.id)]);
    return answer;
  }

  async #keep(list: Transfer[]): Promise<void> {
    this.list = list.sort((first, second) => second.offered_at.localeCompare(first.offered_at));
    await keep.put("transfers", { owner: session.me?.id ?? "", transfers: list } satisfies Stored);
  }
}

const has = (transfer: Transfer, ticketId: string): boolean => transfer.tickets.some(({ ticket_id, returned }) => ticket_id === ticketId && !returned);

/** Whether an offer can be accepted now, by the server's clock: a cached one may have expired. */
export const isOpen = (transfer: Transfer): boolean => transfer.state === "offered" && Date.parse(transfer.expires_at) > clock.now();

/** Whether a ticket can go to another person, apart from offers that are open. */
export const mayChangeHands = ({ refunded, event, pass }: Ticket): boolean =>
  !refunded && !event.cancelled && pass !== null && !pass.revoked && !pass.entered_at && Date.parse(event.ends_at) > clock.now();

export const transfers = new Transfers();

/** This fan's points: cached at once, then from the server; and why they have them, page by page. */
import { answered, type Answer, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { Movement, PointsProgramme, Redemption } from "../../shared/api/words";
import { newId } from "../../shared/runtime/ids";
import { keep } from "../../shared/runtime/keep";
import { session } from "../../shared/session.svelte";

interface MovementPage {
  movements: Movement[];
  more: boolean;
}
interface Stored {
  owner: string;
  programmes: PointsProgramme[];
  moved: Record<string, MovementPage>;
}

export class Points {
  /** Those in which this fan takes part come first; null until they are known. */
  programmes = $state.raw<PointsProgramme[] | null>(null);
  /** What moved, by account. */
  moved = $state.raw<Record<string, MovementPage>>({});
  problem = $state.raw<Problem | null>(null);
  refusal = $state.raw<Problem | null>(null);
  busy = $state<string | null>(null);

  async load(): Promise<void> {
    const me = session.me?.id ?? "";
    const stored = await keep.get<Stored>("points");
    if (!this.programmes && stored?.owner === me) [this.programmes, this.moved] = [stored.programmes, stored.moved];
    const answer = await answered<PointsProgramme[]>(api.GET("/api/points"));
    if (me !== (session.me?.id ?? "")) return;
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok) await this.#show(answer.data);
  }

  /** Take part in the points of an organiser; return whether it was possible. */
  async join(organiserId: string): Promise<boolean> {
    return this.#ask(organiserId, () => answered<PointsProgramme[]>(api.POST("/api/points/accounts", { body: { id: newId(), organiser_id: organiserId } })));
  }

  /** Take part no longer; the points lapse. */
  async leave(accountId: string): Promise<boolean> {
    const options = { params: { path: { account_id: accountId } } };
    return this.#ask(accountId, () => answered<PointsProgramme[]>(api.POST("/api/points/accounts/{account_id}/close", options)));
  }

  /** Redeem a reward. The same id is the same reward, also when an answer is lost. */
  async redeem(id: string, rewardId: string, points: number, text: string | null): Promise<Redemption | null> {
    [this.busy, this.refusal] = [rewardId, null];
    const body = { id, reward_id: rewardId, price_points: points, text };
    const answer = await answered<Redemption>(api.POST("/api/points/redemptions", { body }));
    this.busy = null;
    if (!answer.ok) this.refusal = answer.problem;
    if (answer.ok || answer.problem.status === 409) await this.load();
    return answer.ok ? answer.data : null;
  }

  /** Load the movements before those that are shown. */
  async more(accountId: string): Promise<void> {
    const shown = this.moved[accountId]!;
    this.busy = accountId;
    const answer = await this.#movements(accountId, shown.movements.at(-1)!.number);
    this.busy = null;
    if (!answer.ok) return void (this.problem = answer.problem);
    this.moved = { ...this.moved, [accountId]: { movements: [...shown.movements, ...answer.data.movements], more: answer.data.more } };
  }

  async #ask(what: string, send: () => Promise<Answer<PointsProgramme[]>>): Promise<boolean> {
    if (this.busy) return false;
    [this.busy, this.refusal] = [what, null];
    const answer = await send();
    this.busy = null;
    if (answer.ok) await this.#show(answer.data);
    else this.refusal = answer.problem;
    return answer.ok;
  }

  async #show(programmes: PointsProgramme[]): Promise<void> {
    const me = session.me?.id ?? "";
    const accounts = programmes.flatMap(({ account }) => account ?? []);
    // Only what is in the balance: points earned between the two requests would otherwise be listed but not counted.
    const pages = await Promise.all(accounts.map(({ id, last_number }) => this.#movements(id, last_number + 1)));
    const moved = Object.fromEntries(pages.flatMap((page, index) => (page.ok ? [[accounts[index]!.id, page.data] as const] : [])));
    if (me !== (session.me?.id ?? "")) return;
    [this.programmes, this.moved] = [programmes, { ...this.moved, ...moved }];
    await keep.put("points", { owner: me, programmes, moved } satisfies Stored);
  }

  #movements(accountId: string, before: number): Promise<Answer<MovementPage>> {
    const params = { path: { account_id: accountId }, query: { before } };
    return answered<MovementPage>(api.GET("/api/points/accounts/{account_id}/movements", { params }));
  }
}

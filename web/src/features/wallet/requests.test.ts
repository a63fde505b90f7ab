import { describe, expect, it } from "vitest";
import { isEnd, pendingFor } from "./requests";

const OPEN = { id: "a", payment_id: "b", cents: 2000 };
const problem = (status: number, code: string) => ({ status, code, data: {}, retryAfter: null });

describe("a pending request", () => {
  it("is sent again with the same ids for the same amount, so that it is charged once", () => {
    expect(pendingFor(OPEN, 2000)).toBe(OPEN);
  });

  it("is replaced for another amount, with new ids", () => {
    let made = 0;
    expect(pendingFor(OPEN, 1000, () => `new ${(made += 1)}`)).toEqual({ id: "new 1", payment_id: "new 2", cents: 1000 });
  });

  it.each([
    [0, "offline"],
    [500, "internal"],
    [503, "provider_unavailable"],
    [503, "overloaded"],
    [401, "unauthenticated"],
    [429, "rate_limited"],
    [403, "cross_site"],
  ])("stays open after %i %s", (status, code) => expect(isEnd(problem(status, code))).toBe(false));

  it.each([
    [409, "wallet_would_exceed"],
    [409, "payment_failed"],
    [409, "nothing_to_pay_out"],
    [404, "not_found"],
    [400, "invalid"],
  ])("is over after %i %s", (status, code) => expect(isEnd(problem(status, code))).toBe(true));
});

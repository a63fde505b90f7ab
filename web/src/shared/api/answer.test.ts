import { beforeAll, expect, it } from "vitest";
import { i18n } from "../i18n/i18n.svelte";
import { problemText } from "../runtime/words";
import { answered } from "./answer";

const refusing = async (code: string): Promise<string> => {
  const response = new Response(null, { status: 409 });
  const answer = await answered(Promise.resolve({ error: { code }, response }));
  return answer.ok ? "" : problemText(answer.problem);
};

beforeAll(async () => {
  globalThis.document = { documentElement: {} } as Document;
  await i18n.use("en");
});

it("shows a rare refusal with texts that are loaded with it", async () => {
  expect(i18n.refusals).toEqual({});
  expect(await refusing("sold_out")).toContain("Not enough tickets");
  expect(i18n.refusals).toEqual({});
  expect(await refusing("pass_printed")).toContain("was printed");
});

it("shows it in the language that is selected afterwards", async () => {
  await refusing("pass_printed");
  await i18n.use("fr");
  expect(problemText({ code: "pass_printed", status: 409, data: {}, retryAfter: null })).toContain("a été imprimé");
});

import { expect, test, vi } from "vitest";
import { Match } from "./match.svelte";

const kept = vi.hoisted(() => Promise.withResolvers<unknown>());
vi.mock("../../shared/runtime/keep", () => ({ keep: { get: () => kept.promise, put: () => Promise.resolve() } }));
vi.mock("../../shared/api/stream", () => ({ follow: () => () => undefined, followAt: () => () => undefined }));
vi.mock("../../shared/api/client", () => ({
  api: {
    GET: (path: string) =>
      Promise.resolve({ data: path.startsWith("/api/live") ? { teams: "those of now", head: 0 } : { id: "event" }, response: new Response() }),
  },
}));

test("entries stored on the phone do not replace the server's answer", async () => {
  const match = new Match("event");
  match.open();
  await vi.waitFor(() => expect(match.teams).toBe("those of now"));
  kept.resolve({ event: { id: "event" }, teams: null, entries: [], at: "2026-05-09T18:00:00Z" });
  await vi.waitFor(() => expect(match.at).toBe("2026-05-09T18:00:00Z"));
  expect(match.teams).toBe("those of now");
});

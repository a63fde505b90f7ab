import { afterEach, expect, test, vi } from "vitest";
import { Kept } from "./database";

afterEach(() => vi.unstubAllGlobals());

test("a database that failed to open is opened again by the next request", async () => {
  let tries = 0;
  const opened = { transaction: () => { throw new Error("opened"); } };
  const open = (): unknown => {
    const request = { error: new Error("aborted"), result: opened, onerror: () => {}, onsuccess: () => {} };
    queueMicrotask(() => (tries++ === 0 ? request.onerror() : request.onsuccess()));
    return request;
  };
  vi.stubGlobal("indexedDB", { open });
  const kept = new Kept<"scans">("any", () => {});
  await expect(kept.all("scans")).rejects.toThrow("aborted");
  await expect(kept.all("scans")).rejects.toThrow("opened");
});

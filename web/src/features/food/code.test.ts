import { describe, expect, it } from "vitest";
import { codeText, readCode } from "./code";

const ORDER = "019ac3c4-0000-7000-8000-0000000000a1";

describe("the QR code of an order", () => {
  it("is read as written, also by a scanner that types capitals", () => {
    expect(readCode(codeText(ORDER, "0427"))).toEqual({ order: ORDER, code: "0427" });
    expect(readCode(`${codeText(ORDER, "0427").toUpperCase()}\n`)).toEqual({ order: ORDER, code: "0427" });
  });

  it.each(["", "0427", `virage:food:${ORDER}:42`, `virage:food:${ORDER}:04271`, "https://example.org"])("is rejected: %s", (text) => {
    expect(readCode(text)).toBeNull();
  });
});

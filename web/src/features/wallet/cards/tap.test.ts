import { expect, test } from "vitest";
import { codeOf, isPin, messageOf, messageOfAddress } from "./tap";

const PLAIN = "uid=04DE5F1EACC040&ctr=00003D&cmac=94EED9EE65337086";
const HIDDEN = "picc_data=EF963FF7828658A599F3041510671E88&cmac=94EED9EE65337086";
const parsed = (query: string) => messageOf(new URLSearchParams(query));

test("a card's message is read in both forms", () => {
  expect(parsed(PLAIN)).toEqual({ uid: "04DE5F1EACC040", ctr: "00003D", cmac: "94EED9EE65337086" });
  expect(parsed(HIDDEN)).toEqual({ picc_data: "EF963FF7828658A599F3041510671E88", cmac: "94EED9EE65337086" });
  expect(parsed(`${PLAIN}&from=somewhere`)).toEqual(parsed(PLAIN));
});

test("an address without a message has no tap, and an invalid message is malformed", () => {
  expect(parsed("")).toBeNull();
  expect(parsed("from=somewhere")).toBeNull();
  for (const wrong of [PLAIN.toLowerCase(), PLAIN.slice(0, -1), `${PLAIN}&uid=04DE5F1EACC041`, `${PLAIN}&picc_data=00`, "cmac=94EED9EE65337086", "uid=1"]) {
    expect(parsed(wrong), wrong).toBe("malformed");
  }
});

test("an address read by the phone is a card only on the tap page", () => {
  expect(messageOfAddress(`https://club.example/tap?${PLAIN}`)).toEqual(parsed(PLAIN));
  for (const other of ["", "hello", `https://club.example/menu?${PLAIN}`, "https://club.example/tap?uid=1"]) expect(messageOfAddress(other)).toBeNull();
});

test("a printed code is read with any separators, and rejected with other characters", () => {
  expect(codeOf(" k7q2x - m4r9t ")).toBe("K7Q2XM4R9T");
  for (const wrong of ["", "K7Q2X-M4R9", "K7Q2X-M4R90", "K7Q2X-M4R9I", "K7Q2X-M4R9TT"]) expect(codeOf(wrong), wrong).toBeNull();
});

test("a PIN has six to twelve digits", () => {
  expect(["482913", "482913482913"].every(isPin)).toBe(true);
  expect(["48291", "4829134829134", "48291a", ""].some(isPin)).toBe(false);
});

import { expect, test } from "vitest";
import vectors from "../../../docs/vectors/live.json";
import { effective, minute, score, type Entry, type Period } from "./feed";

test.each(vectors.feeds)("a feed: $name", (feed) => {
  const happened = effective(feed.entries as Entry[]);
  expect(happened.map(({ number }) => number)).toEqual(feed.effective);
  expect(score(happened)).toEqual(feed.score);
});

test.each(vectors.minutes)("$clock_s seconds of $period", ({ period, clock_s, minute: written }) => {
  expect(minute(period as Period, clock_s)).toEqual(written);
});

import { describe, expect, test } from "vitest";
import vectors from "../../../../docs/vectors/live.json";
import { effective, entryOf, minute, stateOf, type FeedEntry, type OldEntry, type Period } from "./feed";

describe("every feed of the vectors", () => {
  test.each(vectors.feeds)("$name", (feed) => {
    const happened = effective((feed.entries as OldEntry[]).map((entry) => entryOf<FeedEntry>(entry)));
    expect(happened.map(({ number }) => number)).toEqual(feed.effective);
    expect(stateOf(happened)).toEqual(feed.state);
  });
});

test.each(vectors.minutes)("$clock_s seconds of $period", ({ period, clock_s, minute: written }) => {
  expect(minute(period as Period, clock_s)).toEqual(written);
});

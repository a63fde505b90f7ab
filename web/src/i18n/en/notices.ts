/** What a fan may be told by push. */
export const notices = {
  title: "Match alerts",
  textClub: "Get notified of every match, even when this page is closed. Off by default.",
  textEvent: "Get notified even when this page is closed. Off by default.",
  signIn: "Sign in to choose",
  kinds: { goals: "Goals", periods: "Kick-off, half-time, full time", replays: "Replays", ground: "My gate, and food stands near my seat" },
  during: (kind: string): string => `${kind}, also during play`,
  duringShort: "Also during play",
  quiet: "Quiet during play",
  quietText: "Other alerts wait for a single summary at half-time and full time.",
  when: { inside: "When I am in the ground", always: "Wherever I watch", never: "Never" },
  asForClub: "As for all matches",
  own: "You chose this for this match.",
  fromClub: "As you chose for all matches.",
  saved: "Saved",
  denied: "Your browser does not allow messages. Your choice is kept: allow them in its settings, or use another device.",
};

export type Words = typeof notices;

/** Texts of match alerts (push notifications). */
export const notifications = {
  title: "Match alerts",
  textClub: "Get notified about every match, even when this page is closed. Off by default.",
  textEvent: "Get notified even when this page is closed. Off by default.",
  signIn: "Sign in to set alerts",
  kinds: { goals: "Goals", periods: "Kick-off, half-time, full time", replays: "Replays", ground: "My gate and food stands near my seat" },
  during: (kind: string): string => `${kind}, also during play`,
  duringShort: "Also during play",
  quiet: "Quiet during play",
  quietText: "Other alerts wait for a single summary at half-time and full time.",
  when: { inside: "When I’m at the venue", always: "Wherever I’m watching", never: "Never" },
  useClub: "Use my settings for all matches",
  forThisMatch: "These settings apply to this match only.",
  fromClub: "Your settings for all matches apply.",
  saved: "Saved",
  denied: "Notifications are blocked in this browser. Your choice is saved: allow notifications in the browser’s settings, or use another device.",
};

export type Words = typeof notifications;

/** What the player of replays says, and the page of one that somebody shared. */
export const replay = {
  title: "Replay",
  player: "Replay",
  loading: "The replay is coming.",
  failed: "This replay cannot be played right now.",
  missing: "This replay isn’t available. Check the link.",
  again: "Try again",
  captions: "Captions",
  describes: "Audio description",
  off: "Off",
  languages: { fr: "Français", en: "English" },
  share: "Share",
  shared: "Link copied",
  download: "Download",
  downloadDescribed: (language: string): string => `Download with audio description (${language})`,
  toMatch: "To the match",
  signIn: "Sign in",
  /** Why it may not be watched, by the server's reason. */
  refused: {
    replay_not_yet: "This replay is not shown yet.",
    gone: "This replay was taken down.",
    replay_over: "This replay is shown no more.",
    replay_not_here: "This replay is not shown where you are.",
    replay_ticket_needed: "This replay is for those who have a ticket of the match. Sign in with yours.",
    replay_inside_needed: "This replay is for those who are in the ground with their ticket.",
  } satisfies Record<string, string>,
};

export type Words = typeof replay;

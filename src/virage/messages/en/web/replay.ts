/** Texts of the replay player and of the page behind a shared link. */
export const replay = {
  title: "Replay",
  player: "Replay",
  loading: "Loading the replay…",
  failed: "This replay can’t be played right now.",
  missing: "This replay isn’t available. Check the link.",
  retry: "Try again",
  captions: "Captions",
  audioDescription: "Audio description",
  captionsShort: "CC",
  audioDescriptionShort: "AD",
  off: "Off",
  share: "Share",
  shared: "Link copied",
  download: "Download",
  downloadDescribed: (language: string): string => `Download with audio description (${language})`,
  toMatch: "View match",
  signIn: "Sign in",
  /** Why the replay may not be watched, by refusal code. */
  refused: {
    replay_not_yet: "This replay isn’t available yet.",
    gone: "This replay has been removed.",
    replay_over: "This replay is no longer available.",
    replay_not_here: "This replay isn’t available at your location.",
    replay_ticket_needed: "This replay is for ticket holders of this match. Sign in with the account that holds your ticket.",
    replay_inside_needed: "This replay is for ticket holders inside the stadium.",
  } satisfies Record<string, string>,
};

export type Words = typeof replay;

/** What the page of describers says. */
export const describe = {
  title: "Describe a replay",
  lead: "Say what is to be seen, for those who do not see it. Your voice is heard over the sound of the ground, which becomes softer.",
  signIn: "Describers sign in.",
  noRole: "You are not among the describers",
  noRoleText: "An administrator of the house gives this role.",
  language: "Language",
  record: "Record while it plays",
  stop: "Stop",
  recording: "Recording. The replay ends the recording.",
  noMicrophone: "There is no microphone, or it may not be used. Choose a sound file instead.",
  file: "Or choose a sound file",
  listen: "Your description",
  send: "Send",
  sent: (language: string) => `The description is offered from now on, in ${language}.`,
  names: { fr: "French", en: "English" },
  reasons: {
    clip_growing: "This replay is not over yet. Try again in a few seconds.",
    description_unreadable: "This file is no sound that can be read.",
    description_empty: "There is hardly anything to be heard in it.",
    description_too_long: "It is longer than the replay.",
    too_large: "The file is too large: 20 MB at most.",
    not_found: "This replay was taken down, or is not yours to describe.",
  } as Record<string, string>,
};

export type Words = typeof describe;

/** Texts around the messages of the control room. */
export const broadcast = {
  title: "Messages of the control room",
  from: (time: string) => `Control room, ${time}`,
  over: (headline: string) => `Over: ${headline}`,
  show: "Show",
  close: "Close",
  understood: "I have read this",
  offline: "No connection: there may be a newer message. Follow the staff and the announcements.",
  offlineStaff: "No connection: there may be a newer message. Listen to the radio.",
  modes: { actual: "", exercise: "EXERCISE", test: "TEST" },
};
export type Words = typeof broadcast;

/** Words in pasted lists and files, besides those of all other languages. Capitals and accents do not matter. */
export const listWords = {
  columns: {
    number: ["number", "no", "shirt"],
    name: ["name", "player"],
    position: ["position"],
  },
  marks: {
    starts: ["starts", "start", "starter"],
    bench: ["bench", "substitute", "sub"],
    captain: ["captain", "c"],
  },
  /** In a column of marks. */
  no: ["no", "false"],
  positions: {
    goalkeeper: ["goalkeeper", "GK", "G"],
    defender: ["defender", "DF", "D"],
    midfielder: ["midfielder", "MF", "M"],
    forward: ["forward", "FW", "F"],
  },
  /** Kinds of accreditations. */
  kinds: {
    staff: ["staff"],
    players: ["players", "player", "teams", "team"],
    press: ["press"],
    contractor: ["contractor", "contractors"],
  },
};

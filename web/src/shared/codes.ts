/** Codes of gates, outlets, lifts and ramps: unique in the deployment, `A1` at its first venue, `arena.A1` at others. */

/** The prefix of the venue in a code, with its full stop; empty at the first venue. */
export const prefixOf = (code: string): string => code.slice(0, code.lastIndexOf(".") + 1);

/** The code as people read it, without the prefix of its venue. */
export const localCode = (code: string): string => code.slice(code.lastIndexOf(".") + 1);

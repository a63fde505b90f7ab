import { account } from "./account";
import { common } from "./common";
import { ticketing } from "./ticketing";
import { way } from "./way";

export const messages = { ...common, ...ticketing, ...account, ...way };
export type Messages = typeof messages;

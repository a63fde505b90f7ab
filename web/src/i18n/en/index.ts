import { account } from "./account";
import { common } from "./common";
import { ticketing } from "./ticketing";

export const messages = { ...common, ...ticketing, ...account };
export type Messages = typeof messages;

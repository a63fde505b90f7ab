import { account } from "./account";
import { common } from "./common";
import { ticketing } from "./ticketing";
import { route } from "./route";

export const messages = { ...common, ...ticketing, ...account, ...route };
export type Messages = typeof messages;

import type { Messages } from "../en";
import { account } from "./account";
import { common } from "./common";
import { ticketing } from "./ticketing";
import { way } from "./way";

export const messages: Messages = { ...common, ...ticketing, ...account, ...way };

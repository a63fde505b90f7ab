import type { Messages } from "../../en/web";
import { account } from "./account";
import { common } from "./common";
import { ticketing } from "./ticketing";
import { route } from "./route";

export const messages: Messages = { ...common, ...ticketing, ...account, ...route };

/**
 * The words of a language say every code that the server may refuse with. What lacks one does not compile; that it also
 * stands with the screens that it reaches, `checks/refusals.py` sees. French is typed by English, table by table.
 */
import type { RefusalCode } from "../api/codes";
import type { access } from "./en/access";
import type { cards } from "./en/cards";
import type { common } from "./en/common";
import type { describe } from "./en/describe";
import type { food } from "./en/food";
import type { foodMoney } from "./en/foodMoney";
import type { kitchen } from "./en/kitchen";
import type { matchDesk } from "./en/matchDesk";
import type { mediaDesk } from "./en/mediaDesk";
import type { office } from "./en/office";
import type { pay } from "./en/pay";
import type { wallet } from "./en/wallet";
import type { refusals } from "./en/refusals";
import type { replay } from "./en/replay";
import type { till } from "./en/till";

/** The codes that a table names one by one. */
type Codes<Words> = keyof { [Code in keyof Words as string extends Code ? never : Code]: Words[Code] };

type Said =
  | Codes<typeof common.problems>
  | Codes<typeof refusals>
  | Codes<typeof access.reasons>
  | Codes<typeof cards.refusals>
  | Codes<typeof describe.reasons>
  | Codes<typeof food.refusals>
  | Codes<typeof foodMoney.deviations.reasons>
  | Codes<typeof kitchen.refusals>
  | Codes<typeof matchDesk.reasons>
  | Codes<typeof mediaDesk.reasons>
  | Codes<typeof office.problems>
  | Codes<typeof pay.refusals>
  | Codes<typeof wallet.auto.refusals>
  | Codes<typeof wallet.refusals>
  | Codes<typeof replay.refused>
  | Codes<typeof till.refusals>
  | Codes<typeof till.stopped.reasons>;

type None<Missing extends never> = Missing;
export type Unsaid = None<Exclude<RefusalCode, Said>>;

/**
 * The words of a language say every code that the server may refuse with. What lacks one does not compile; that it also
 * stands with the screens that it reaches, `checks/refusals.py` sees. French is typed by English, table by table.
 */
import type { RefusalCode } from "../api/codes";
import type { access } from "$messages/en/web/access";
import type { cards } from "$messages/en/web/cards";
import type { common } from "$messages/en/web/common";
import type { describe } from "$messages/en/web/describe";
import type { food } from "$messages/en/web/food";
import type { foodMoney } from "$messages/en/web/foodMoney";
import type { kitchen } from "$messages/en/web/kitchen";
import type { matchDesk } from "$messages/en/web/matchDesk";
import type { mediaDesk } from "$messages/en/web/mediaDesk";
import type { office } from "$messages/en/web/office";
import type { pay } from "$messages/en/web/pay";
import type { wallet } from "$messages/en/web/wallet";
import type { refusals } from "$messages/en/web/refusals";
import type { replay } from "$messages/en/web/replay";
import type { till } from "$messages/en/web/till";

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

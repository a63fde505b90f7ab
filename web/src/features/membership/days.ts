/** Days of a term, which have no time zone. */
import { i18n } from "../../shared/i18n/i18n.svelte";

/** A day such as "30 June 2027". */
export const dayOf = (day: string): string => i18n.date(`${day}T12:00:00Z`, { day: "numeric", month: "long", year: "numeric" }, "UTC");

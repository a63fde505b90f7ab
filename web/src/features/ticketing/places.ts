/** The label of a place in the reader's language. */
import type { Label } from "../../shared/api/words";
import { i18n } from "../../shared/i18n/i18n.svelte";

export interface PlaceWords {
  main: string;
  where: string;
}

/** The label in one line, with its stand. */
export function placeText(label: Label): string {
  const m = i18n.m;
  if (label.area) return i18n.text(label.area_name) || m.map.areaCode(label.area);
  return [label.stand, m.map.block(label.block ?? ""), m.map.seat(label.row ?? "", String(label.seat ?? ""))].filter(Boolean).join(", ");
}

export function placeWords(label: Label): PlaceWords {
  const m = i18n.m;
  if (label.area) return { main: m.tickets.standing, where: i18n.text(label.area_name) || m.map.areaCode(label.area) };
  return {
    main: m.map.seat(label.row ?? "", String(label.seat ?? "")),
    where: [m.map.block(label.block ?? ""), label.stand].filter(Boolean).join(", "),
  };
}

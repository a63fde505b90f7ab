/** Companions, who are sold with the wheelchair space or accessible seat beside which they sit. */
import type { Ticket } from "../../../shared/api/words";

type Seat = Pick<Ticket, "id" | "place" | "tariff">;

/** The companion of each ticket with the access tariff, among tickets of one order: the nearest that is left. */
export function companionsOf<One extends Seat>(tickets: readonly One[]): Map<string, One> {
  const left = tickets.filter(({ tariff }) => tariff === "companion");
  const found = new Map<string, One>();
  for (const space of tickets.filter(({ tariff }) => tariff === "access")) {
    const away = ({ place }: One): number => Math.abs(place - space.place);
    const [nearest] = left.sort((first, second) => away(first) - away(second)).splice(0, 1);
    if (nearest) found.set(space.id, nearest);
  }
  return found;
}

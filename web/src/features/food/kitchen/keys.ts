/** Arrow keys: up and down within a column, left and right between columns. */
const MOVES: Record<string, readonly [columns: number, tickets: number]> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const MAIN = "[data-main]";

export function walkTo(event: KeyboardEvent): void {
  const move = MOVES[event.key];
  const ticket = (event.target as Element).closest("[data-ticket]");
  const column = ticket?.closest("section");
  if (!move || !ticket || !column) return;
  const [columns, tickets] = move;
  const all = [...(event.currentTarget as Element).querySelectorAll("section")].filter((section) => section === column || section.querySelector(MAIN));
  const buttons = [...column.querySelectorAll<HTMLElement>(MAIN)];
  const at = buttons.indexOf(ticket.querySelector<HTMLElement>(MAIN)!);
  const target = columns ? [...(all[all.indexOf(column) + columns]?.querySelectorAll<HTMLElement>(MAIN) ?? [])] : buttons;
  const next = target[Math.min(target.length - 1, Math.max(0, at + tickets))];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** The listings that a fan has selected on an exchange: kept in this tab through a reload, Back and a sign-in. */
const KEY = "virage.exchange";
interface Stored {
  event: string;
  listings: string[];
}

export function keepChoice(event: string, listings: string[]): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ event, listings } satisfies Stored));
  } catch {
    // Without storage, the fan selects again.
  }
}

export function keptChoice(event: string): string[] {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Stored | null;
    return stored?.event === event ? stored.listings : [];
  } catch {
    return [];
  }
}

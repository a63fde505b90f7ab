/**
 * The tap that this page was opened with: kept for the five minutes in which the server tells about it and links its
 * card, so that the way through the sign-in, or a reload, does not lose it. It ends with the window.
 */
import type { Message } from "./tap";

const KEY = "virage.tap";
const LIVES_MS = 5 * 60_000;

interface Held {
  message: Message;
  at: number;
}

export function hold(message: Message, now = Date.now()): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ message, at: now } satisfies Held));
  } catch {
    // A window that keeps nothing: a reload asks for another tap.
  }
}

export function held(now = Date.now()): Message | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Held | null;
    return kept && now - kept.at < LIVES_MS && now >= kept.at ? kept.message : null;
  } catch {
    return null;
  }
}

export function letGo(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

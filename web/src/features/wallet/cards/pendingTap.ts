/**
 * The tap that opened this page, kept for the five minutes in which the server accepts it, so that a sign-in or reload
 * does not lose it. It is deleted with the window.
 */
import type { Message } from "./tap";

const KEY = "virage.tap";
const LIFETIME_MS = 5 * 60_000;

interface PendingTap {
  message: Message;
  at: number;
}

export function keepTap(message: Message, now = Date.now()): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ message, at: now } satisfies PendingTap));
  } catch {
    // A window without storage: a reload needs another tap.
  }
}

export function pendingTap(now = Date.now()): Message | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as PendingTap | null;
    return kept && now - kept.at < LIFETIME_MS && now >= kept.at ? kept.message : null;
  } catch {
    return null;
  }
}

export function dropTap(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
  }
}

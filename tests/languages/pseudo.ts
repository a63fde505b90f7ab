/** English messages in other letters, 40 % longer and in brackets: `pseudo.py` copies this file into the pseudo-language. */
import LETTERS from "./letters.json";

const VOWELS = /[aeiouy]/;

/** The texts among the values of a message: they stay as they are. */
const textsIn = (value: unknown): string[] =>
  typeof value === "string" ? [value] : typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];

const longer = (text: string): string =>
  [...text].map((letter) => ((LETTERS as Record<string, string>)[letter] ?? letter).repeat(VOWELS.test(letter) ? 2 : 1)).join("");

function inBrackets(text: string, kept: string[]): string {
  const parts = kept.filter((part) => /[A-Za-z]/.test(part)).sort((a, b) => b.length - a.length);
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  // Every second piece is a value of the message.
  const pieces = pattern ? text.split(new RegExp(`(?<![A-Za-z])(${pattern})(?![A-Za-z])`)) : [text];
  const written = pieces.map((piece, at) => (at % 2 ? piece : longer(piece))).join("");
  return written === text ? text : `[${written}]`;
}

function translated(value: unknown, kept: string[]): unknown {
  if (typeof value === "string") return inBrackets(value, kept);
  if (typeof value === "function") return (...values: unknown[]) => translated((value as (...values: unknown[]) => unknown)(...values), textsIn(values));
  if (Array.isArray(value)) return value.map((item) => translated(item, kept));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, translated(item, kept)]));
}

export const pseudo = <Messages>(messages: Messages): Messages => translated(messages, []) as Messages;

/** One stream of server-sent events for the whole app, for any number of topics. */
import type { components } from "./schema";

/** Message type of each topic. */
export type Messages = components["schemas"]["StreamMessages"];
type Hear = (message: unknown) => void;
interface Follower {
  since: string | null;
  hear: Hear;
}

const followers = new Map<string, Set<Follower>>();
let source: EventSource | null = null;
let last: string | null = null;
let planned = false;
let failures = 0;

function after(a: string, b: string): boolean {
  const [xid = 0, seq = 0] = a.split("-").map(Number);
  const [otherXid = 0, otherSeq = 0] = b.split("-").map(Number);
  return xid > otherXid || (xid === otherXid && seq > otherSeq);
}

function oldest(): string | null {
  let position = last;
  for (const group of followers.values())
    for (const { since } of group) if (since && (!position || after(position, since))) position = since;
  return position;
}

function open(): void {
  planned = false;
  source?.close();
  source = null;
  if (followers.size === 0) return;
  const query = new URLSearchParams({ topics: [...followers.keys()].join(",") });
  const since = oldest();
  if (since) query.set("since", since);
  const opened = new EventSource(`/api/stream?${query}`);
  source = opened;
  for (const topic of followers.keys())
    opened.addEventListener(topic, (event) => {
      failures = 0;
      if (event.lastEventId) advance(event.lastEventId);
      for (const follower of followers.get(topic) ?? []) follower.hear(JSON.parse(event.data));
    });
  opened.onerror = () => {
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    failures += 1;
    setTimeout(plan, pause(failures));
  };
}

function pause(failed: number): number {
  return Math.min(30_000, 1000 * 2 ** failed) * (0.5 + Math.random());
}

function advance(position: string): void {
  last = position;
  for (const group of followers.values()) for (const follower of group) follower.since = null;
}

function plan(): void {
  if (planned) return;
  planned = true;
  queueMicrotask(open);
}

/** Follow a topic from a journal position on; return a function that stops it. Messages may repeat: apply them as states. */
export function follow<Name extends keyof Messages>(
  name: Name,
  id: string,
  since: string | null,
  hear: (message: Messages[Name]) => void,
): () => void {
  const topic = `${name}:${id}`;
  const follower: Follower = { since, hear: hear as Hear };
  const group = followers.get(topic) ?? new Set();
  group.add(follower);
  followers.set(topic, group);
  plan();
  return () => {
    group.delete(follower);
    if (group.size === 0) followers.delete(topic);
    if (followers.size === 0) last = null;
    plan();
  };
}

/**
 * Follow topics of a name over a connection of their own, as where an edge server publishes one; return a function that stops it.
 * The browser resumes by itself, but an edge may have dropped messages: the follower must notice gaps.
 */
export function followAt<Name extends keyof Messages>(
  url: string,
  name: Name,
  ids: readonly string[],
  hear: (message: Messages[Name], id: string) => void,
  connect: (url: string) => EventSource = (address) => new EventSource(address),
): () => void {
  let failed = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let opened: EventSource;
  const begin = (): void => {
    opened = connect(url);
    for (const id of ids)
      opened.addEventListener(`${name}:${id}`, (event) => {
        failed = 0;
        hear(JSON.parse((event as MessageEvent<string>).data) as Messages[Name], id);
      });
    opened.onerror = () => {
      if (opened.readyState !== EventSource.CLOSED) return;
      failed += 1;
      timer = setTimeout(begin, pause(failed));
    };
  };
  begin();
  return () => {
    clearTimeout(timer);
    opened.close();
  };
}

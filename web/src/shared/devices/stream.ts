/** The stream as a device opens it: with its token, which an `EventSource` of the browser cannot send. */
import { EventSource as TokenSource } from "eventsource";

/** Return the connection of a device to a stream, for `followAt`. */
export const withToken = (token: string) => (url: string): EventSource =>
  new TokenSource(url, {
    fetch: (address, init) => fetch(address, { ...init, credentials: "omit", headers: { ...init.headers, authorization: `Bearer ${token}` } }),
  });

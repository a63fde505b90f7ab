/** The venues of the deployment in their current versions, also without network. */
import { api } from "./api/client";
import { answered } from "./api/answer";
import type { Geometry } from "./api/words";
import { geometry } from "./geometry";
import { keep } from "./runtime/keep";

const KEY = "venues";

/** The geometry of every venue, the first venue first; without network, of the versions that were current last. */
export async function currentVenues(): Promise<Geometry[]> {
  const answer = await answered<{ version: string }[]>(api.GET("/api/venues"));
  if (answer.ok) await keep.put(KEY, answer.data.map(({ version }) => version));
  const versions = answer.ok ? answer.data.map(({ version }) => version) : ((await keep.get<string[]>(KEY)) ?? []);
  const found = await Promise.all(versions.map((version) => geometry(version)));
  return found.flatMap((venue) => (venue.ok ? [venue.data] : []));
}

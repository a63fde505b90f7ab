/** The venues of the deployment in their current versions, also without network. */
import { api } from "./api/client";
import { answered } from "./api/answer";
import type { components } from "./api/schema";
import type { Geometry } from "./api/words";
import { geometry } from "./geometry";
import { keep } from "./runtime/keep";

type Version = Pick<components["schemas"]["VenueSummary"], "code" | "version">;
const KEY = "venue-versions";

/** The current version of every venue, the first venue first; without network, those that were current last. */
async function versions(): Promise<readonly Version[]> {
  const answer = await answered<Version[]>(api.GET("/api/venues"));
  if (!answer.ok) return (await keep.get<Version[]>(KEY)) ?? [];
  const found = answer.data.map(({ code, version }) => ({ code, version }));
  await keep.put(KEY, found);
  return found;
}

async function geometries(wanted: readonly Version[]): Promise<Geometry[]> {
  const found = await Promise.all(wanted.map(({ version }) => geometry(version)));
  return found.flatMap((venue) => (venue.ok ? [venue.data] : []));
}

export async function currentVenues(): Promise<Geometry[]> {
  return geometries(await versions());
}

/** The venue of a code; null if it is unknown or cannot be loaded. */
export async function venueOf(code: string): Promise<Geometry | null> {
  return (await geometries((await versions()).filter((one) => one.code === code)))[0] ?? null;
}

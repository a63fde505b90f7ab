/** The route to a place: today's from the server, cached on the phone for use without network. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { Entrance, Geometry } from "../../../shared/api/words";
import { keep } from "../../../shared/runtime/keep";
import { geometry } from "../../../shared/geometry";

export type FetchedRoute = { entrance: Entrance | null; problem: Problem | null };
/** A cached route of an earlier version of the app, which named its route `way`. */
type OldEntrance = Omit<Entrance, "route"> & { way: Entrance["route"] };

/** A place of a version of a venue, at an event; tickets that an earlier version of the app cached name no version. */
export type PlaceAt = { place: number; version: string | undefined; event: string };

/** Keys of the cached route, the present one first: earlier versions of the app named no event, and then no version. */
function keys({ place, version, event }: PlaceAt, stepFree: boolean): string[] {
  const end = `${place}:${stepFree ? "step-free" : "any"}`;
  return version ? [`way:${version}:${event}:${end}`, `way:${version}:${end}`, `way:${end}`] : [`way:${end}`];
}

/** The cached route; null if there is none. */
export async function cachedRoute(at: PlaceAt, stepFree: boolean): Promise<Entrance | null> {
  for (const key of keys(at, stepFree)) {
    const cached = await keep.get<Entrance | OldEntrance>(key);
    if (cached) return "way" in cached ? { ...cached, route: cached.way } : cached;
  }
  return null;
}

/** Fetches and caches a route; if there is none today, the cached one is removed. */
export async function fetchRoute(at: PlaceAt, stepFree: boolean): Promise<FetchedRoute> {
  const answer = await answered<Entrance>(api.GET("/api/venue/route", { params: { query: { ...at, step_free: stepFree } } }));
  if (answer.ok) {
    await keep.put(keys(at, stepFree)[0]!, answer.data);
    return { entrance: answer.data, problem: null };
  }
  if (answer.problem.code === "no_route")
    for (const key of keys(at, stepFree)) await keep.remove(key);
  return { entrance: null, problem: answer.problem };
}

/** Caches both routes to a place, with stairs and step-free, and the geometry to draw them on. */
export async function cacheRoutes(at: PlaceAt): Promise<void> {
  for (const stepFree of [false, true]) await fetchRoute(at, stepFree);
  await geometryOf(at.version);
}

/** The geometry of a version; without one, of the first venue's current or last known version. */
export async function geometryOf(wanted: string | undefined): Promise<Geometry | null> {
  if (wanted) {
    const known = await geometry(wanted);
    return known.ok ? known.data : null;
  }
  const summary = await answered<{ version: string }>(api.GET("/api/venue"));
  if (summary.ok) await keep.put("ground", summary.data.version);
  const version = summary.ok ? summary.data.version : await keep.get<string>("ground");
  const answer = version ? await geometry(version) : null;
  return answer?.ok ? answer.data : null;
}

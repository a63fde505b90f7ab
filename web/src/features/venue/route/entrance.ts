/** The route to a place: today's from the server, cached on the phone for use without network. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { Entrance, Geometry } from "../../../shared/api/words";
import { keep } from "../../../shared/runtime/keep";
import { geometry } from "../../../shared/geometry";

export type FetchedRoute = { entrance: Entrance | null; problem: Problem | null };
/** A cached route of an earlier version of the app, which named its route `way`. */
type OldEntrance = Omit<Entrance, "route"> & { way: Entrance["route"] };

const key = (place: number, stepFree: boolean): string => `way:${place}:${stepFree ? "step-free" : "any"}`;

/** The cached route; null if there is none. */
export async function cachedRoute(place: number, stepFree: boolean): Promise<Entrance | null> {
  const cached = await keep.get<Entrance | OldEntrance>(key(place, stepFree));
  if (!cached) return null;
  return "way" in cached ? { ...cached, route: cached.way } : cached;
}

/** Fetches and caches a route; if there is none today, the cached one is removed. */
export async function fetchRoute(place: number, stepFree: boolean): Promise<FetchedRoute> {
  const answer = await answered<Entrance>(api.GET("/api/venue/route", { params: { query: { place, step_free: stepFree } } }));
  if (answer.ok) {
    await keep.put(key(place, stepFree), answer.data);
    return { entrance: answer.data, problem: null };
  }
  if (answer.problem.code === "no_route") await keep.remove(key(place, stepFree));
  return { entrance: null, problem: answer.problem };
}

/** Caches both routes to a place, with stairs and step-free, and the geometry to draw them on. */
export async function cacheRoutes(place: number): Promise<void> {
  for (const stepFree of [false, true]) await fetchRoute(place, stepFree);
  await currentGeometry();
}

/** The geometry of the version in use; without network, of the last known version. */
export async function currentGeometry(): Promise<Geometry | null> {
  const summary = await answered<{ version: string }>(api.GET("/api/venue"));
  if (summary.ok) await keep.put("ground", summary.data.version);
  const version = summary.ok ? summary.data.version : await keep.get<string>("ground");
  const answer = version ? await geometry(version) : null;
  return answer?.ok ? answer.data : null;
}

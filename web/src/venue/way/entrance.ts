/** The way to a place, as the server tells it today, kept on the phone for the day without network. */
import { answered, type Problem } from "../../api/answer";
import { api } from "../../api/client";
import type { Entrance, Geometry } from "../../api/words";
import { keep } from "../../kernel/keep";
import { geometry } from "../ground";

export type Told = { entrance: Entrance | null; problem: Problem | null };

const key = (place: number, stepFree: boolean): string => `way:${place}:${stepFree ? "step-free" : "any"}`;

/** The way that this phone knows, null where it knows none. */
export async function keptWay(place: number, stepFree: boolean): Promise<Entrance | null> {
  return (await keep.get<Entrance>(key(place, stepFree))) ?? null;
}

/** Ask for the way and keep it; where there is none today, the kept one is no longer true. */
export async function askWay(place: number, stepFree: boolean): Promise<Told> {
  const answer = await answered<Entrance>(api.GET("/api/ground/way", { params: { query: { place, step_free: stepFree } } }));
  if (answer.ok) {
    await keep.put(key(place, stepFree), answer.data);
    return { entrance: answer.data, problem: null };
  }
  if (answer.problem.code === "no_way") await keep.remove(key(place, stepFree));
  return { entrance: null, problem: answer.problem };
}

/** Both ways to a place, for a phone that will have no network when it needs them. */
export async function keepWays(place: number): Promise<void> {
  for (const stepFree of [false, true]) await askWay(place, stepFree);
  await groundNow();
}

/** The ground to draw a way on: today's, or the one that this phone knows. */
export async function groundNow(): Promise<Geometry | null> {
  const summary = await answered<{ version: string }>(api.GET("/api/ground"));
  if (summary.ok) await keep.put("ground", summary.data.version);
  const version = summary.ok ? summary.data.version : await keep.get<string>("ground");
  const answer = version ? await geometry(version) : null;
  return answer?.ok ? answer.data : null;
}

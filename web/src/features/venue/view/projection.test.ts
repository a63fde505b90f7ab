import { describe, expect, it } from "vitest";
import { cameraAt, FIELD_OF_VIEW_DEG, NEAR_M, project, projectPolygon } from "./projection";

const [WIDTH, HEIGHT] = [800, 450];
/** An eye 10 m above the pitch, 40 m south of the centre on the plan, that looks at the centre. */
const camera = cameraAt([0, -40, 10], [0, 0, 0], WIDTH, HEIGHT);
const at = (x: number, y: number, z: number): [number, number] => {
  const point = project(camera, x, y, z)!;
  return [point[0], point[1]];
};

describe("the projection", () => {
  it("puts the point that the eye looks at into the middle of the picture", () => {
    expect(at(0, 0, 0)[0]).toBeCloseTo(WIDTH / 2);
    expect(at(0, 0, 0)[1]).toBeCloseTo(HEIGHT / 2);
    expect(project(camera, 0, 0, 0)![2]).toBeCloseTo(Math.hypot(40, 10));
  });

  it("keeps left on the left, right on the right, and higher points above", () => {
    expect(at(-5, 0, 0)[0]).toBeLessThan(WIDTH / 2);
    expect(at(5, 0, 0)[0]).toBeGreaterThan(WIDTH / 2);
    expect(at(0, 0, 5)[1]).toBeLessThan(HEIGHT / 2);
    expect(at(0, 20, 0)[1]).toBeLessThan(at(0, -20, 0)[1]);
  });

  it("keeps left on the left from every side of the pitch", () => {
    for (const [x, y, leftX, leftY] of [[0, 40, 5, 0], [40, 0, 0, -5], [-40, 0, 0, 5]] as const) {
      const there = cameraAt([x, y, 10], [0, 0, 0], WIDTH, HEIGHT);
      expect(project(there, leftX, leftY, 0)![0]).toBeLessThan(WIDTH / 2);
    }
  });

  it("halves the size of what is twice as far", () => {
    const level = cameraAt([0, -40, 2], [0, 0, 2], WIDTH, HEIGHT);
    const wide = (y: number): number => project(level, 1, y, 2)![0] - project(level, -1, y, 2)![0];
    expect(wide(-20)).toBeCloseTo(2 * wide(0));
  });

  it("sees its whole field of view and no more", () => {
    const level = cameraAt([0, 0, 0], [0, 10, 0], WIDTH, HEIGHT);
    const aside = 10 * Math.tan(((FIELD_OF_VIEW_DEG / 2) * Math.PI) / 180);
    expect(project(level, -aside, 10, 0)![0]).toBeCloseTo(0);
    expect(project(level, aside, 10, 0)![0]).toBeCloseTo(WIDTH);
  });

  it("does not draw what is behind the eye", () => {
    expect(project(camera, 0, -60, 10)).toBeNull();
    expect(projectPolygon(camera, [-1, -60, 10, 1, -60, 10, 0, -70, 10])).toEqual([]);
  });

  it("cuts a polygon that reaches behind the eye where it comes too near", () => {
    const level = cameraAt([0, 0, 1], [0, 10, 1], WIDTH, HEIGHT);
    const ground = projectPolygon(level, [-1, -5, 0, 1, -5, 0, 1, 10, 0, -1, 10, 0]);
    expect(ground).toHaveLength(8);
    const lowest = Math.max(...ground.filter((_, index) => index % 2));
    expect(lowest).toBeCloseTo(HEIGHT / 2 + level.focal / NEAR_M);
    expect(ground.every(Number.isFinite)).toBe(true);
  });

  it("keeps a polygon that is ahead as it is", () => {
    const polygon = [0, 0, 0, 5, 0, 0, 0, 0, 5];
    const expected = [at(0, 0, 0), at(5, 0, 0), at(0, 0, 5)].flat();
    projectPolygon(camera, polygon).forEach((value, index) => expect(value).toBeCloseTo(expected[index]!));
  });

  it("has finite points from straight above", () => {
    const above = cameraAt([0, 0, 30], [0, 0, 0], WIDTH, HEIGHT);
    expect(project(above, 0, 0, 0)!.slice(0, 2)).toEqual([WIDTH / 2, HEIGHT / 2]);
    expect(project(above, 5, 0, 0)![1]).toBeLessThan(HEIGHT / 2);
  });
});

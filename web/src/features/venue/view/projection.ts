/** Perspective: a camera at an eye that looks at a point. Metres; x and y on the plan, z upwards. */
export type Point3 = readonly [x: number, y: number, z: number];

/** Horizontal field of view: what a person sees without turning the head. */
export const FIELD_OF_VIEW_DEG = 80;
/** Nothing nearer to the eye is drawn. */
export const NEAR_M = 0.25;

export interface Camera {
  eye: Point3;
  right: Point3;
  up: Point3;
  ahead: Point3;
  /** Pixels by which one metre at a distance of one metre is wide. */
  focal: number;
  /** The middle of the picture, in pixels. */
  middle: readonly [number, number];
}

export function cameraAt(eye: Point3, target: Point3, width: number, height: number): Camera {
  const [dx, dy, dz] = [target[0] - eye[0], target[1] - eye[1], target[2] - eye[2]];
  const across = Math.hypot(dx, dy);
  const length = Math.hypot(across, dz);
  // From straight above or below, the long side of the pitch points upwards.
  const [cos, sin] = across > 1e-6 ? [dx / across, dy / across] : [1, 0];
  const [level, rise] = across > 1e-6 ? [across / length, dz / length] : [0, Math.sign(dz) || -1];
  return {
    eye,
    right: [sin, -cos, 0],
    up: [-rise * cos, -rise * sin, level],
    ahead: [level * cos, level * sin, rise],
    focal: width / 2 / Math.tan((FIELD_OF_VIEW_DEG / 2) * (Math.PI / 180)),
    middle: [width / 2, height / 2],
  };
}

/** A point as the camera sees it, in metres: to the right, upwards, ahead. */
export function seenFrom({ eye, right, up, ahead }: Camera, x: number, y: number, z: number): [number, number, number] {
  const [dx, dy, dz] = [x - eye[0], y - eye[1], z - eye[2]];
  return [
    dx * right[0] + dy * right[1],
    dx * up[0] + dy * up[1] + dz * up[2],
    dx * ahead[0] + dy * ahead[1] + dz * ahead[2],
  ];
}

/** A point in pixels, and its distance ahead in metres; null if it is behind the eye or too near. */
export function project(camera: Camera, x: number, y: number, z: number): [px: number, py: number, ahead: number] | null {
  const [right, up, ahead] = seenFrom(camera, x, y, z);
  if (ahead < NEAR_M) return null;
  const scale = camera.focal / ahead;
  return [camera.middle[0] + right * scale, camera.middle[1] - up * scale, ahead];
}

/** A polygon x, y, z, … in pixels x, y, …, cut off where it comes too near; empty if all of it is behind the eye. */
export function projectPolygon(camera: Camera, polygon: ArrayLike<number>): number[] {
  // Some ten thousand corners a drawing: written without an array for each.
  const { focal } = camera;
  const [ex, ey, ez] = camera.eye;
  const [rx, ry] = camera.right;
  const [ux, uy, uz] = camera.up;
  const [fx, fy, fz] = camera.ahead;
  const [mx, my] = camera.middle;
  const pixels: number[] = [];
  const final = polygon.length - 3;
  let [beforeRight, beforeUp, beforeAhead] = [0, 0, 0];
  for (let corner = -3; corner <= final; corner += 3) {
    const from = corner < 0 ? final : corner;
    const [dx, dy, dz] = [polygon[from]! - ex, polygon[from + 1]! - ey, polygon[from + 2]! - ez];
    const right = dx * rx + dy * ry;
    const up = dx * ux + dy * uy + dz * uz;
    const ahead = dx * fx + dy * fy + dz * fz;
    if (corner >= 0) {
      if (beforeAhead < NEAR_M !== ahead < NEAR_M) {
        const share = (NEAR_M - beforeAhead) / (ahead - beforeAhead);
        const scale = focal / NEAR_M;
        pixels.push(mx + (beforeRight + share * (right - beforeRight)) * scale, my - (beforeUp + share * (up - beforeUp)) * scale);
      }
      if (ahead >= NEAR_M) pixels.push(mx + (right * focal) / ahead, my - (up * focal) / ahead);
    }
    [beforeRight, beforeUp, beforeAhead] = [right, up, ahead];
  }
  return pixels;
}

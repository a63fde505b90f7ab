/** The camera: frame after frame to the QR reader, which is fetched when somebody scans and not before. */

export interface Camera {
  /** Whether this camera has a light. */
  torch: boolean;
  light: (on: boolean) => Promise<void>;
  stop: () => void;
}

interface Torch extends MediaTrackConstraintSet {
  torch?: boolean;
}
type OnCode = (text: string, seenAt: number) => void;

/** The shorter side of the pictures that are read, in pixels: enough for a code of version 11 at arm's length. */
const SIDE = 720;

let worker: Worker | null = null;

function reader(): Worker {
  worker ??= new Worker(new URL("./reader.worker.ts", import.meta.url), { type: "module" });
  return worker;
}

/** Fetch the reader before the first scan needs it. */
export function prepare(): void {
  reader();
}

function read(picture: ImageBitmap | ImageData): Promise<string> {
  return new Promise((resolve) => {
    const one = reader();
    one.onmessage = ({ data }: MessageEvent<string | null>) => data !== null && resolve(data);
    one.postMessage(picture, [picture instanceof ImageData ? picture.data.buffer : picture]);
  });
}

let brush: CanvasRenderingContext2D | null = null;

/** What the camera shows, of the size that is read; null while it shows nothing. The worker takes the pixels out of a picture itself where it can. */
async function taken(video: HTMLVideoElement): Promise<ImageBitmap | ImageData | null> {
  const scale = Math.min(1, SIDE / Math.min(video.videoWidth, video.videoHeight));
  const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
  if (globalThis.OffscreenCanvas) return createImageBitmap(video, { resizeWidth: width, resizeHeight: height }).catch(() => null);
  brush ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  [brush.canvas.width, brush.canvas.height] = [width, height];
  brush.drawImage(video, 0, 0, width, height);
  return brush.getImageData(0, 0, width, height);
}

/**
 * Read codes until stopped, each as often as it is seen; `onGone` when the camera is taken away. Throws where there is no camera or no leave to use it.
 */
export async function watch(video: HTMLVideoElement, onCode: OnCode, onGone: () => void): Promise<Camera> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  const [track] = stream.getVideoTracks();
  let running = true;
  video.srcObject = stream;
  await video.play();
  const stop = (): void => {
    running = false;
    stream.getTracks().forEach((one) => one.stop());
    video.srcObject = null;
  };
  // Its last picture would stay before the reader, and the same code be scanned for ever.
  track?.addEventListener("ended", () => {
    stop();
    onGone();
  });
  void frames(video, onCode, () => running);
  return {
    torch: Boolean((track?.getCapabilities?.() as { torch?: boolean } | undefined)?.torch),
    light: async (on) => track?.applyConstraints({ advanced: [{ torch: on } as Torch] }),
    stop,
  };
}

async function frames(video: HTMLVideoElement, onCode: OnCode, running: () => boolean): Promise<void> {
  while (running()) {
    const seenAt = await nextFrame(video);
    if (!running() || video.readyState < video.HAVE_CURRENT_DATA) continue;
    const picture = await taken(video);
    const text = picture && (await read(picture));
    if (text && running()) onCode(text, seenAt);
  }
}

/** When the next picture was taken; a camera that stands still is looked at four times a second. */
function nextFrame(video: HTMLVideoElement): Promise<number> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(performance.now()), 250);
    const taken = (at: number): void => {
      clearTimeout(timer);
      resolve(at);
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback((now, { captureTime }) => taken(captureTime ?? now));
    else requestAnimationFrame(taken);
  });
}

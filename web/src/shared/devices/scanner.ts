/** Camera scanner for QR codes; the reader is loaded with the first scan. */

export interface Camera {
  /** Whether the camera has a torch. */
  torch: boolean;
  setTorch: (on: boolean) => Promise<void>;
  stop: () => void;
}

interface Torch extends MediaTrackConstraintSet {
  torch?: boolean;
}
type OnCode = (text: string, seenAt: number) => void;

/** Shorter side of the pictures in pixels: enough for a code of version 11 at arm's length. */
const SIDE = 720;

let worker: Worker | null = null;

function reader(): Worker {
  worker ??= new Worker(new URL("./reader.worker.ts", import.meta.url), { type: "module" });
  return worker;
}

/** Load the reader before the first scan. */
export function prepare(): void {
  reader();
}

function decode(picture: ImageBitmap | ImageData): Promise<string> {
  return new Promise((resolve) => {
    const decoder = reader();
    decoder.onmessage = ({ data }: MessageEvent<string | null>) => data !== null && resolve(data);
    decoder.postMessage(picture, [picture instanceof ImageData ? picture.data.buffer : picture]);
  });
}

let canvas: CanvasRenderingContext2D | null = null;

/** The current picture in reading size; null if there is none. The worker extracts its pixels if the browser has OffscreenCanvas. */
async function capture(video: HTMLVideoElement): Promise<ImageBitmap | ImageData | null> {
  const scale = Math.min(1, SIDE / Math.min(video.videoWidth, video.videoHeight));
  const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
  if (globalThis.OffscreenCanvas) return createImageBitmap(video, { resizeWidth: width, resizeHeight: height }).catch(() => null);
  canvas ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  [canvas.canvas.width, canvas.canvas.height] = [width, height];
  canvas.drawImage(video, 0, 0, width, height);
  return canvas.getImageData(0, 0, width, height);
}

/** Report codes until stopped, each as often as it is read; `onGone` when the camera ends. Throws without a camera or permission. */
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
    stream.getTracks().forEach((each) => each.stop());
    video.srcObject = null;
  };
  // Otherwise the last picture would be read again and again.
  track?.addEventListener("ended", () => {
    stop();
    onGone();
  });
  void readFrames(video, onCode, () => running);
  return {
    torch: Boolean((track?.getCapabilities?.() as { torch?: boolean } | undefined)?.torch),
    setTorch: async (on) => track?.applyConstraints({ advanced: [{ torch: on } as Torch] }),
    stop,
  };
}

async function readFrames(video: HTMLVideoElement, onCode: OnCode, running: () => boolean): Promise<void> {
  while (running()) {
    const seenAt = await nextFrame(video);
    if (!running() || video.readyState < video.HAVE_CURRENT_DATA) continue;
    const picture = await capture(video);
    const text = picture && (await decode(picture));
    if (text && running()) onCode(text, seenAt);
  }
}

/** Time of the next picture; four times a second if the video reports none. */
function nextFrame(video: HTMLVideoElement): Promise<number> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(performance.now()), 250);
    const resolveAt = (at: number): void => {
      clearTimeout(timer);
      resolve(at);
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback((now, { captureTime }) => resolveAt(captureTime ?? now));
    else requestAnimationFrame(resolveAt);
  });
}

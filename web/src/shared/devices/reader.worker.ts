/**
 * Reads the QR code in a picture, off the page's thread: the light never waits for the camera.
 *
 * It is a file of its own because WebAssembly asks for a policy that the page itself does not have.
 */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm?url";

const OPTIONS = {
  formats: ["QRCode" as const],
  tryHarder: true,
  tryInvert: true,
  tryRotate: false,
  tryDownscale: true,
  maxNumberOfSymbols: 1,
};

const prepared = prepareZXingModule({ overrides: { locateFile: () => wasmUrl }, fireImmediately: true });
const brush = globalThis.OffscreenCanvas && new globalThis.OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

/** The pixels of a picture; pages send pixels where their browser has no canvas off the screen. */
function pixels(picture: ImageBitmap | ImageData): ImageData {
  if (picture instanceof ImageData) return picture;
  const { width, height } = picture;
  [brush!.canvas.width, brush!.canvas.height] = [width, height];
  brush!.drawImage(picture, 0, 0);
  picture.close();
  return brush!.getImageData(0, 0, width, height);
}

self.onmessage = async ({ data }: MessageEvent<ImageBitmap | ImageData>): Promise<void> => {
  await prepared;
  const [found] = await readBarcodes(pixels(data), OPTIONS);
  self.postMessage(found?.isValid ? found.text : "");
};

void prepared.then(
  () => self.postMessage(null),
  () => self.close(),
);

/** Worker that reads QR codes. A separate file, because WebAssembly needs a policy that the page does not have. */
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
const canvas = globalThis.OffscreenCanvas && new globalThis.OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

/** Pixels of a picture; a browser without OffscreenCanvas sends pixels. */
function pixels(picture: ImageBitmap | ImageData): ImageData {
  if (picture instanceof ImageData) return picture;
  const { width, height } = picture;
  [canvas!.canvas.width, canvas!.canvas.height] = [width, height];
  canvas!.drawImage(picture, 0, 0);
  picture.close();
  return canvas!.getImageData(0, 0, width, height);
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

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
const canvas = new OffscreenCanvas(1, 1);
const brush = canvas.getContext("2d", { willReadFrequently: true })!;

self.onmessage = async ({ data }: MessageEvent<ImageBitmap>): Promise<void> => {
  [canvas.width, canvas.height] = [data.width, data.height];
  brush.drawImage(data, 0, 0);
  data.close();
  await prepared;
  const [found] = await readBarcodes(brush.getImageData(0, 0, canvas.width, canvas.height), OPTIONS);
  self.postMessage(found?.isValid ? found.text : "");
};

void prepared.then(
  () => self.postMessage(null),
  () => self.close(),
);

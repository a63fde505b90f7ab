/** Writes each file that grows smaller of the built app beside itself as .br and .gz, for a server that compresses nothing on its way. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = "../src/virage/web";
const TEXT = /\.(js|css|html|svg|json|webmanifest|wasm)$/;
const LEAST = 512;

for (const entry of readdirSync(ROOT, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !TEXT.test(path)) continue;
  const body = readFileSync(path);
  if (body.length < LEAST) continue;
  writeFileSync(`${path}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
}

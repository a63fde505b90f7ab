/** Let an app installed from this page open with this manifest; return a function that restores the fan app's. */
export function installAt(manifest: string): () => void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=manifest]");
  link?.setAttribute("href", manifest);
  return () => link?.setAttribute("href", "/manifest.webmanifest");
}

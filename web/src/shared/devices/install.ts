/** Installed from here, the app opens at this post of the staff; returns the way back to the fans' app. */
export function installAt(manifest: string): () => void {
  const link = document.querySelector<HTMLLinkElement>("link[rel=manifest]");
  link?.setAttribute("href", manifest);
  return () => link?.setAttribute("href", "/manifest.webmanifest");
}

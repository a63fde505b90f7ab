/** Time in which a browser begins a download. */
const KEPT_MS = 60_000;

/** Offer fetched data as a download. */
export function download(data: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

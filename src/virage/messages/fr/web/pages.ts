import type { pages as English } from "../../en/web/pages";

export const pages: typeof English = {
  version: "Version antérieure",
  versionOf: (revision: number, on: string) => `Version ${revision}, ${on}`,
  notPublished: "Cette page n’est pas encore publiée.",
  accept: "En payant, vous acceptez nos",
  noWithdrawal: "Billets à date fixe : la loi ne prévoit pas de droit de rétractation.",
  accepted: "Conditions de vente acceptées",
};

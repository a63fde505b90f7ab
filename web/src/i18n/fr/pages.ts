import type { pages as English } from "../en/pages";

export const pages: typeof English = {
  version: "Version antérieure",
  versionOf: (revision: number, on: string) => `Version ${revision}, ${on}`,
  notPublished: "Ce texte n’est pas encore publié.",
  accept: "En payant, vous acceptez nos",
  noWithdrawal: "Billet pour une date précise : la loi ne prévoit pas de droit de rétractation.",
  accepted: "Conditions de vente acceptées",
};

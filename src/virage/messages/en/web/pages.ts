export const pages = {
  version: "Earlier version",
  versionOf: (revision: number, on: string) => `Version ${revision}, ${on}`,
  notPublished: "This page hasn’t been published yet.",
  accept: "By paying, you accept our",
  noWithdrawal: "Tickets are for a fixed date, so by law there is no right of withdrawal.",
  accepted: "Terms of sale you accepted",
};

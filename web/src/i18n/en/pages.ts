export const pages = {
  version: "Earlier version",
  versionOf: (revision: number, on: string) => `Version ${revision}, ${on}`,
  notPublished: "This text has not been published yet.",
  accept: "By paying, you accept our",
  noWithdrawal: "Tickets are for a set date: the law gives no right of withdrawal.",
  accepted: "Terms of sale you accepted",
};

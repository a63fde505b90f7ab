/** The deployment's currency. All amounts are integers of its minor unit, called cents: ¥1,200 are 1200. */
export interface Currency {
  /** ISO 4217. */
  code: string;
  /** Decimals of the minor unit: 2 for euros, 0 for yen. */
  digits: number;
}

export const EURO: Currency = { code: "EUR", digits: 2 };

/** Cents of one unit of a currency: 100 for euros, 1 for yen. */
export const unitOf = ({ digits }: Currency): number => 10 ** digits;

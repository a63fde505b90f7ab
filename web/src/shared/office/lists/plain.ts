/** A word normalised for comparison. */
export const plain = (word: string): string => word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

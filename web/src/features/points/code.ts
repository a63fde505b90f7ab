/** The code of a redeemed reward as a QR code carries it; the prefix tells it from other codes at a till. */
const PREFIX = "REWARD:";

export const rewardText = (code: string): string => PREFIX + code;

/** The code in a scanned text; null in another one. */
export const rewardCodeOf = (text: string): string | null => (text.startsWith(PREFIX) ? text.slice(PREFIX.length) : null);

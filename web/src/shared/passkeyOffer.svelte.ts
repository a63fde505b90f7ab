/** Whether passkeys are offered here. Apart from their calls, so that pages without a sign-in load only this. */
import { storage } from "./runtime/storage";

const OFFERED = "passkey.offered";
const IP_ADDRESS = /^(\d+\.){3}\d+$|^\[/;

/** Whether this browser has passkeys at this address; no browser has any at an IP address. */
export function passkeysWork(): boolean {
  return isSecureContext && "PublicKeyCredential" in globalThis && !IP_ADDRESS.test(location.hostname);
}

/** The offer to add a passkey after a sign-in by code, once on each device. */
class PasskeyOffer {
  open = $state(false);

  consider(hasPasskey: boolean): void {
    this.open = !hasPasskey && passkeysWork() && !storage.read<boolean>(OFFERED);
  }

  close(): void {
    this.open = false;
    storage.write(OFFERED, true);
  }
}

export const passkeyOffer = new PasskeyOffer();

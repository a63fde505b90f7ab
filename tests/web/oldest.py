"""A Chromium without the features that the oldest browsers lack (`browserslist` in
`web/package.json`), on a slow phone.
"""

import json

from playwright.sync_api import Page

WIDTH = 360
SLOWER = 6
NEWER = {
    "window": (
        "BarcodeDetector CompressionStream DecompressionStream NDEFReader Notification OffscreenCanvas PushManager "
        "PushSubscription navigation scheduler cookieStore documentPictureInPicture EyeDropper "
        "requestIdleCallback URLPattern Temporal"
    ),
    "Navigator.prototype": (
        "canShare clearAppBadge connection getBattery setAppBadge share userActivation userAgentData vibrate wakeLock"
    ),
    "StorageManager.prototype": "getDirectory persist persisted",
    "Array": "fromAsync",
    "Array.prototype": "toReversed toSorted toSpliced with",
    "Uint8Array.__proto__.prototype": "toReversed toSorted with",
    "Uint8Array": "fromBase64 fromHex",
    "Uint8Array.prototype": "setFromBase64 toBase64 toHex",
    "ArrayBuffer.prototype": "resize transfer transferToFixedLength",
    "AbortSignal": "any timeout",
    "Map": "groupBy",
    "Object": "groupBy",
    "Promise": "try withResolvers",
    "Set.prototype": ("difference intersection isDisjointFrom isSubsetOf isSupersetOf symmetricDifference union"),
    "String.prototype": "isWellFormed toWellFormed",
    "URL": "canParse parse",
    "URLSearchParams.prototype": "size",
    "Document.prototype": "startViewTransition",
    "Element.prototype": "checkVisibility setHTMLUnsafe",
    "HTMLElement.prototype": "hidePopover popover showPopover togglePopover",
    "CanvasRenderingContext2D.prototype": "roundRect",
    "MediaStreamTrack.prototype": "getCapabilities",
    "ServiceWorkerRegistration.prototype": "getNotifications pushManager showNotification",
    "HTMLVideoElement.prototype": "cancelVideoFrameCallback requestVideoFrameCallback",
    "Response": "json",
}
"""What Safari 15.4, Chrome 106 or Firefox 115 lacks, or a browser may leave out, by its owner."""

# Ed25519 came to WebCrypto after all of them: a phone's key is then on P-256.
_TAKE_AWAY = """(newer) => {
  for (const [owner, names] of Object.entries(newer)) {
    const from = owner.split('.').reduce((at, name) => name === 'window' ? at : at?.[name], globalThis);
    for (const name of names.split(' ')) if (from) delete from[name];
  }
  for (const act of ['generateKey', 'importKey', 'sign', 'verify']) {
    const subtle = globalThis.SubtleCrypto?.prototype ?? {};
    const known = subtle[act];
    subtle[act] = function (...all) {
      const asked = all.map((one) => one?.name ?? one);
      if (asked.includes('Ed25519')) return Promise.reject(new DOMException('unknown', 'NotSupportedError'));
      return known.apply(this, all);
    };
  }
}"""
OLDEST = f"({_TAKE_AWAY})({json.dumps(NEWER)})"
"""A script for `add_init_script`; it does not run in workers."""


def grow_old(page: Page) -> None:
    """Remove newer features, and make the phone slow."""
    page.add_init_script(OLDEST)
    tools = page.context.new_cdp_session(page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})

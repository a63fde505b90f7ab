"""A Chromium without what the oldest browsers lack (`browserslist` in `web/package.json`)."""

OLDEST = """(() => {
    const without = (owner, ...names) => names.forEach((name) => owner && delete owner[name]);
    without(globalThis, "OffscreenCanvas", "CompressionStream", "DecompressionStream", "Notification", "PushManager");
    without(globalThis, "requestIdleCallback", "NDEFReader", "BarcodeDetector", "scheduler", "URLPattern", "Temporal");
    without(Array, "fromAsync");
    without(Array.prototype, "toReversed", "toSorted", "toSpliced", "with");
    without(Object, "groupBy");
    without(Map, "groupBy");
    without(Promise, "withResolvers", "try");
    without(URL, "canParse", "parse");
    without(AbortSignal, "timeout", "any");
    without(Navigator.prototype, "wakeLock", "share", "vibrate");
    without(globalThis.CanvasRenderingContext2D?.prototype, "roundRect");
    without(globalThis.HTMLVideoElement?.prototype, "requestVideoFrameCallback");
    without(globalThis.MediaStreamTrack?.prototype, "getCapabilities");
    without(globalThis.ServiceWorkerRegistration?.prototype, "pushManager", "showNotification", "getNotifications");
    const own = globalThis.SubtleCrypto?.prototype ?? {};
    for (const name of ["importKey", "generateKey", "sign", "verify"]) {
        const call = own[name];
        own[name] = function (...given) {
            if (!given.some((one) => one === "Ed25519")) return call.apply(this, given);
            return Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
        };
    }
})()"""

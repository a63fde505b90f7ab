/**
 * APIs that some supported browsers lack: `make check` refuses all other names above the floor. Each is declared as
 * optional, so that code must check it; use globals as `globalThis.Name`.
 */

/** Without it a canvas on the page's thread is used. */
declare var OffscreenCanvas: { prototype: OffscreenCanvas; new (width: number, height: number): OffscreenCanvas } | undefined;

/** Without push messages a screen shows news when it is opened. */
declare var Notification:
  | { prototype: Notification; readonly permission: NotificationPermission; requestPermission(): Promise<NotificationPermission> }
  | undefined;

interface Navigator {
  /** Without it the phone's screen may turn off. */
  readonly wakeLock?: WakeLock;
  /** Without it the link is copied. */
  share?(data?: ShareData): Promise<void>;
  /** Without it colour, symbol and sound show the result. */
  vibrate?(pattern: VibratePattern): boolean;
}

interface MediaStreamTrack {
  /** Without it a torch is assumed to be missing. */
  getCapabilities?(): MediaTrackCapabilities;
}

interface HTMLVideoElement {
  /** Without it each animation frame is read. */
  requestVideoFrameCallback?(callback: VideoFrameRequestCallback): number;
}

/** Used only after `permission` (`shared/runtime/push.ts`) found push support, or by a received message. */
interface ServiceWorkerRegistration {
  readonly pushManager: PushManager;
  getNotifications(filter?: GetNotificationOptions): Promise<Notification[]>;
  showNotification(title: string, options?: NotificationOptions): Promise<void>;
}

interface AuthenticatorAttestationResponse {
  /** Without it the server stores no transports, and browsers ask for all kinds of authenticators. */
  getTransports?(): string[];
}

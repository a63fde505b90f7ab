/**
 * What some browsers of the floor lack and screens use where it is there: `make check` refuses every other name above the
 * floor. Each is declared as possibly missing, so that a screen asks first; a global is asked for as `globalThis.Name`.
 */

/** Without it a canvas of the page does the same, on the page's thread. */
declare var OffscreenCanvas: { prototype: OffscreenCanvas; new (width: number, height: number): OffscreenCanvas } | undefined;

/** Without messages to a closed page, a screen says so and shows what is new when it is opened. */
declare var Notification:
  | { prototype: Notification; readonly permission: NotificationPermission; requestPermission(): Promise<NotificationPermission> }
  | undefined;

interface Navigator {
  /** Without it the phone's own time-out darkens the code. */
  readonly wakeLock?: WakeLock;
  /** Without it the link is copied. */
  share?(data?: ShareData): Promise<void>;
  /** Without it colour, sign and sound tell the answer. */
  vibrate?(pattern: VibratePattern): boolean;
}

interface MediaStreamTrack {
  /** Without it the camera is taken to have no light. */
  getCapabilities?(): MediaTrackCapabilities;
}

interface HTMLVideoElement {
  /** Without it the picture is read at each frame of the screen. */
  requestVideoFrameCallback?(callback: VideoFrameRequestCallback): number;
}

/** Reached only where `leave` (`kernel/push.ts`) found push messages, and by a message that has come. */
interface ServiceWorkerRegistration {
  readonly pushManager: PushManager;
  getNotifications(filter?: GetNotificationOptions): Promise<Notification[]>;
  showNotification(title: string, options?: NotificationOptions): Promise<void>;
}

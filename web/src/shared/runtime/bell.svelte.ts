/** Two rising tones for what must be heard. Browsers allow sound after the first touch. */
import { storage } from "./storage";

const TONES: readonly (readonly [hertz: number, at: number])[] = [[784, 0], [1175, 0.16]];
const SECONDS = 0.28;

export class Bell {
  readonly #key: string;
  on = $state(false);
  /** Number of rings, shown to staff who can’t hear them. */
  rung = $state(0);
  #context: AudioContext | null = null;

  /** The choice of the device is stored under `key`; `on` until one is made. */
  constructor(key: string, on: boolean) {
    this.#key = key;
    this.on = storage.read<boolean>(key) ?? on;
  }

  /** Call from a touch handler. */
  wake = (): void => {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") void this.#context.resume();
  };

  setOn(on: boolean): void {
    this.on = on;
    storage.write(this.#key, on);
    if (on) this.ring();
  }

  ring(): void {
    this.rung += 1;
    if (!this.on || this.#context?.state !== "running") return;
    for (const [frequency, at] of TONES) {
      const tone = new OscillatorNode(this.#context, { type: "triangle", frequency });
      const gain = new GainNode(this.#context, { gain: 0.5 });
      const start = this.#context.currentTime + at;
      gain.gain.setTargetAtTime(0, start + SECONDS - 0.1, 0.05);
      tone.connect(gain).connect(this.#context.destination);
      tone.start(start);
      tone.stop(start + SECONDS);
    }
  }
}

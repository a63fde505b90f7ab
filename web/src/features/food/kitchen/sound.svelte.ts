/** Two rising tones for a new order. Browsers allow sound after the first touch. */
import { storage } from "../../../shared/runtime/storage";

const TONES: readonly (readonly [hertz: number, at: number])[] = [[784, 0], [1175, 0.16]];
const SECONDS = 0.28;

class Bell {
  on = $state(storage.read<boolean>("kitchen.sound") ?? true);
  /** Number of rings, shown to staff who can’t hear them. */
  rung = $state(0);
  #context: AudioContext | null = null;

  /** Call from a touch handler. */
  wake = (): void => {
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") void this.#context.resume();
  };

  setOn(on: boolean): void {
    this.on = on;
    storage.write("kitchen.sound", on);
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

export const bell = new Bell();

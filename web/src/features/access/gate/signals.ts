/** Sounds and vibrations of scan results: a rising tone, two level tones, a low buzz, a falling tone. */
import { storage } from "../../../shared/runtime/storage";

export type Signal = "good" | "again" | "bad" | "out";

const TONES: Record<Signal, readonly (readonly [hertz: number, at: number, seconds: number])[]> = {
  good: [[880, 0, 0.09], [1320, 0.09, 0.16]],
  again: [[620, 0, 0.11], [620, 0.17, 0.11]],
  bad: [[196, 0, 0.42]],
  out: [[1320, 0, 0.09], [880, 0.09, 0.16]],
};
const VIBRATIONS: Record<Signal, number[]> = { good: [70], again: [60, 80, 60], bad: [320, 70, 120], out: [40, 60, 40] };

let context: AudioContext | null = null;

/** Browsers allow sound only after a user gesture: call from a pointer event. */
export function enableSound(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
}

export const sound = {
  get on(): boolean {
    return storage.read<boolean>("gate.sound") ?? true;
  },
  set on(value: boolean) {
    storage.write("gate.sound", value);
  },
};

export function playSignal(signal: Signal): void {
  navigator.vibrate?.(VIBRATIONS[signal]);
  if (!sound.on || context?.state !== "running") return;
  for (const [hertz, at, seconds] of TONES[signal]) {
    const tone = new OscillatorNode(context, { type: signal === "bad" ? "sawtooth" : "sine", frequency: hertz });
    const gain = new GainNode(context, { gain: 0.4 });
    const start = context.currentTime + at;
    gain.gain.setTargetAtTime(0, start + seconds - 0.03, 0.01);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + seconds);
  }
}

/** A describer's voice, taken while the replay plays. */
export class Recorder {
  state = $state<"idle" | "recording" | "refused">("idle");
  voice = $state.raw<Blob | null>(null);
  #recorder: MediaRecorder | null = null;

  /** Play from the beginning, without its sound, and record until it ends or somebody stops it. */
  async record(video: HTMLVideoElement): Promise<void> {
    const stream = await navigator.mediaDevices?.getUserMedia({ audio: true }).catch(() => null);
    if (!stream) return void (this.state = "refused");
    const done = (): void => stream.getTracks().forEach((track) => track.stop());
    const recorder = (this.#recorder = new MediaRecorder(stream));
    const parts: Blob[] = [];
    const stop = (): void => this.stop();
    recorder.ondataavailable = ({ data }) => void parts.push(data);
    recorder.onstop = () => {
      done();
      video.removeEventListener("ended", stop);
      video.pause();
      this.voice = new Blob(parts, { type: recorder.mimeType });
      this.state = "idle";
    };
    video.addEventListener("ended", stop);
    [video.muted, video.currentTime] = [true, 0];
    try {
      await video.play();
    } catch {
      return done(); // the player began anew: nobody listens until it is pressed again
    }
    recorder.start();
    this.state = "recording";
  }

  stop(): void {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }
}

/** Recorder of a describer's voice during the replay. */
export class Recorder {
  state = $state<"idle" | "recording" | "refused">("idle");
  voice = $state.raw<Blob | null>(null);
  #recorder: MediaRecorder | null = null;

  /** Play muted from the start, and record until the end or `stop()`. */
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
      return done(); // the player has restarted; recording needs another click
    }
    recorder.start();
    this.state = "recording";
  }

  stop(): void {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }
}

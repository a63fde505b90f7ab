/** Players of HLS: hls.js with media source extensions, because it reports errors in detail; otherwise the browser. */
import type Hls from "hls.js";
import { loaderWith, type Preloaded } from "./preloaded";
import { positionOf } from "./instants";
import { expectedBits } from "./network";

export type Locale = string;
/** `lost`: no response or a refusal; `broken`: the media cannot be played. */
export type Fault = "lost" | "broken";
export interface Choice {
  /** Language of the captions. */
  captions: Locale | null;
  /** Language of the audio description. */
  described: Locale | null;
}

export interface Engine {
  /** Recording time of the shown frame (Unix ms); null before the first one. */
  instant(): number | null;
  choose(choice: Choice): void;
  close(): void;
}
/** `instant`: recording time to start at; `preloaded`: responses loaded in advance. */
type Open = (video: HTMLVideoElement, address: string, instant: number | null, onFault: (fault: Fault) => void, preloaded?: Preloaded | null) => Engine;
type Library = typeof Hls;

const NATIVE = "application/vnd.apple.mpegurl";
const DESCRIBES = "public.accessibility.describes-video";

/** The engine of this browser; null if it cannot play HLS. */
export function engineFor(library: Pick<Library, "isSupported"> & Partial<Library>, video: Pick<HTMLVideoElement, "canPlayType">): Open | null {
  if (library.isSupported()) return (...args) => new LibraryEngine(library as Library, ...args);
  return video.canPlayType(NATIVE) ? (element, address, instant, onFault) => new NativeEngine(element, address, instant, onFault) : null;
}

class LibraryEngine implements Engine {
  #hls: Hls;
  #choice: Choice = { captions: null, described: null };
  #recovered = false;

  constructor(library: Library, video: HTMLVideoElement, address: string, instant: number | null, onFault: (fault: Fault) => void, preloaded?: Preloaded | null) {
    const hls = (this.#hls = new library({
      enableWorker: false,
      startPosition: 0,
      startFragPrefetch: true,
      abrEwmaDefaultEstimate: expectedBits(),
      renderTextTracksNatively: true,
      subtitlePreference: { lang: "none" },
      ...(preloaded && { loader: loaderWith(library.DefaultConfig.loader, preloaded) }),
    }));
    const { Events, ErrorTypes } = library;
    let startAt = instant;
    hls.on(Events.LEVEL_LOADED, (_, { details }) => {
      const at = startAt === null ? null : positionOf(details.fragments, startAt);
      if (at === null) return;
      startAt = null;
      video.currentTime = at;
    });
    for (const event of [Events.AUDIO_TRACKS_UPDATED, Events.SUBTITLE_TRACKS_UPDATED]) hls.on(event, () => this.choose(this.#choice));
    hls.on(Events.ERROR, (_, { fatal, type, response }) => {
      const refused = (response?.code ?? 0) >= 400 && response!.code! < 500;
      if (!fatal && !refused) return;
      if (refused || type !== ErrorTypes.MEDIA_ERROR) return onFault("lost");
      if (this.#recovered) return onFault("broken");
      this.#recovered = true;
      hls.recoverMediaError();
    });
    hls.loadSource(address);
    hls.attachMedia(video);
  }

  instant(): number | null {
    return this.#hls.playingDate?.getTime() ?? null;
  }

  choose(choice: Choice): void {
    this.#choice = choice;
    const { subtitleTracks, audioTracks } = this.#hls;
    const captions = subtitleTracks.findIndex(({ lang }) => lang === choice.captions);
    if (this.#hls.subtitleTrack !== captions) this.#hls.subtitleTrack = captions;
    this.#hls.subtitleDisplay = captions >= 0;
    const describes = (at: number): boolean => (audioTracks[at]?.characteristics ?? "").includes(DESCRIBES);
    const described = audioTracks.findIndex(({ lang }, at) => describes(at) && lang === choice.described);
    const sound = described >= 0 ? described : audioTracks.findIndex((_, at) => !describes(at));
    if (sound >= 0 && this.#hls.audioTrack !== sound) this.#hls.audioTrack = sound;
  }

  close(): void {
    this.#hls.destroy();
  }
}

interface NativeVideo extends HTMLVideoElement {
  getStartDate?: () => Date;
  audioTracks?: Iterable<{ kind: string; language: string; enabled: boolean }>;
}

class NativeEngine implements Engine {
  #stop = new AbortController();
  #choice: Choice = { captions: null, described: null };

  constructor(
    private readonly video: NativeVideo,
    address: string,
    instant: number | null,
    onFault: (fault: Fault) => void,
  ) {
    const { signal } = this.#stop;
    video.addEventListener("error", () => onFault("lost"), { signal });
    video.addEventListener(
      "loadedmetadata",
      () => {
        const began = this.#began();
        if (instant !== null && began !== null) video.currentTime = Math.max(0, (instant - began) / 1000);
        this.choose(this.#choice);
      },
      { signal },
    );
    video.textTracks.addEventListener("addtrack", () => this.choose(this.#choice), { signal });
    video.src = address;
  }

  #began(): number | null {
    const began = this.video.getStartDate?.().getTime();
    return began === undefined || Number.isNaN(began) ? null : began;
  }

  instant(): number | null {
    const began = this.#began();
    return began === null ? null : began + this.video.currentTime * 1000;
  }

  choose(choice: Choice): void {
    this.#choice = choice;
    for (const track of this.video.textTracks) track.mode = track.language === choice.captions ? "showing" : "disabled";
    const sounds = [...(this.video.audioTracks ?? [])];
    const described = sounds.find(({ kind, language }) => kind.includes("desc") && language === choice.described);
    const sound = described ?? sounds.find(({ kind }) => !kind.includes("desc"));
    for (const track of sounds) track.enabled = track === sound;
  }

  close(): void {
    this.#stop.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}

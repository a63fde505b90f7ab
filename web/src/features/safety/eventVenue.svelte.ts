/** The venue of an event, asked for until it is there: screens read places by its codes. */
import type { Geometry } from "../../shared/api/words";
import { venueOf } from "../../shared/venues";
import { zonesOf } from "./control/call";

const RETRY_MS = 3_000;
const WAIT_MS = 3_000;

export class EventVenue {
  geometry = $state.raw<Geometry | null>(null);
  /** Codes of the zones that a place may name, by their lower case. */
  readonly zones = $derived<ReadonlyMap<string, string>>(this.geometry ? zonesOf(this.geometry) : new Map());
  /** Names of the stands by their codes. */
  readonly stands = $derived<ReadonlyMap<string, string>>(new Map((this.geometry?.stands ?? []).map(({ code, name }) => [code, name])));
  #found = (): void => {};
  readonly #loaded = new Promise<void>((resolve) => (this.#found = resolve));

  constructor(readonly code: string) {}

  /** Ask until the venue is there; returns the end of it. */
  follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const ask = async (): Promise<void> => {
      this.geometry = await venueOf(this.code);
      if (this.geometry) this.#found();
      else if (!ended) timer = setTimeout(() => void ask(), RETRY_MS);
    };
    void ask();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }

  /** Wait until places can be read, but not for long: a call without its place is better than none. */
  async ready(): Promise<void> {
    await Promise.race([this.#loaded, new Promise((resolve) => setTimeout(resolve, WAIT_MS))]);
  }
}

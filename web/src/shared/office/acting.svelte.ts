/** Acts that move money or grant power require a recent sign-in, and any act a new one after the session has expired. */
import type { Answer } from "../api/answer";

const SIGN_IN = new Set(["step_up_required", "unauthenticated"]);

class StepUp {
  open = $state(false);
  #settle: ((confirmed: boolean) => void) | null = null;

  ask(): Promise<boolean> {
    this.settle(false);
    this.open = true;
    return new Promise((resolve) => (this.#settle = resolve));
  }

  settle(confirmed: boolean): void {
    this.open = false;
    this.#settle?.(confirmed);
    this.#settle = null;
  }
}

export const stepUp = new StepUp();

/** Run an act; if the server requires a sign-in, ask for it and run the act again, so that no input is lost. */
export async function acting<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await ask();
  if (answer.ok || !SIGN_IN.has(answer.problem.code)) return answer;
  return (await stepUp.ask()) ? ask() : answer;
}

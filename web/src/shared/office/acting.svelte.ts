/** Acts that move money or power ask for a fresh sign-in first, and any act for a new one once the session has ended. */
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

/** Does what is asked; where the server wants a sign-in, asks for one and does the same once more: nothing typed is lost. */
export async function acting<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await ask();
  if (answer.ok || !SIGN_IN.has(answer.problem.code)) return answer;
  return (await stepUp.ask()) ? ask() : answer;
}

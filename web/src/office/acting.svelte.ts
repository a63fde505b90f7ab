/** Acts that move money or power ask for a fresh sign-in first; then the same act is tried again. */
import type { Answer } from "../api/answer";

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

/** Does what is asked; where the server wants a fresh sign-in, asks for one and does the same once more. */
export async function acting<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const answer = await ask();
  if (answer.ok || answer.problem.code !== "step_up_required") return answer;
  return (await stepUp.ask()) ? ask() : answer;
}

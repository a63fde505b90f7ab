export type Tone = "plain" | "good" | "warn" | "bad";
export interface Toast {
  id: number;
  text: string;
  tone: Tone;
  action?: { label: string; run: () => void };
}

class Toasts {
  list = $state<Toast[]>([]);
  #next = 0;

  /** Show a message at the foot of the screen; one with an action stays until it is used or closed. */
  say(text: string, tone: Tone = "plain", action?: Toast["action"]): void {
    const toast: Toast = { id: (this.#next += 1), text, tone, ...(action ? { action } : {}) };
    this.list = [...this.list.filter((other) => other.text !== text), toast].slice(-3);
    if (!action) setTimeout(() => this.close(toast.id), 7000);
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();

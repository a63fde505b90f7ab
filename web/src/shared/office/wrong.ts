import { tick } from "svelte";

/** Brings who filled in a form to the first field that is wrong, once its message is there. */
export async function toFirstWrong(form: HTMLElement | undefined): Promise<void> {
  await tick();
  form?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
}

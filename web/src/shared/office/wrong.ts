import { tick } from "svelte";

/** Focus the first invalid field, once its message is rendered. */
export async function toFirstWrong(form: HTMLElement | undefined): Promise<void> {
  await tick();
  form?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
}

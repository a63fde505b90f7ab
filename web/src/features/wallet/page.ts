/** Props of a wallet page, and what the wallet knows about it. */
import type { Component } from "svelte";

export interface PageProps {
  /** The owner of the wallet; empty on public pages without a sign-in. */
  owner: string;
  signIn: string;
  /** Parameter of the page in the address. */
  id: string;
}

export interface PageContent {
  content: Component<PageProps>;
  /** Whether the page can be used without a sign-in. */
  open: boolean;
}

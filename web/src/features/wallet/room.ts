/** What a room of the wallet is given, and what the wallet's page knows of it. */
import type { Component } from "svelte";

export interface RoomProps {
  /** Whose wallet; nobody's where the room is open to everybody and nobody is signed in. */
  owner: string;
  signIn: string;
  /** What the address names in the room. */
  id: string;
}

export interface Room {
  inside: Component<RoomProps>;
  /** Whether it says something to whoever is not signed in. */
  open: boolean;
}

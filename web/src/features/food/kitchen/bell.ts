/** The bell of new orders. */
import { Bell } from "../../../shared/runtime/bell.svelte";

export const bell = new Bell("kitchen.sound", true);

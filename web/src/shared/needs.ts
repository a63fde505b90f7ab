/** What people may need of their seats, with the icon of each: wheelchair spaces, then features of a seat. */
import type { Need, SeatNeed } from "./api/words";
import type { IconName } from "./ui/Icon.svelte";

export const SEAT_NEEDS: readonly { need: SeatNeed; icon: IconName }[] = [
  { need: "easy_access", icon: "stairs" },
  { need: "audio_description", icon: "voice" },
  { need: "hearing_loop", icon: "ear" },
  { need: "sign_language", icon: "hand" },
  { need: "guide_dog", icon: "dog" },
  { need: "quiet", icon: "quiet" },
];

export const NEEDS: readonly { need: Need; icon: IconName }[] = [{ need: "wheelchair", icon: "wheelchair" }, ...SEAT_NEEDS];

/** Which way media goes out of this browser, where the person decides: remembered here for the next time. */

import { effect, type Signal, signal } from "@preact/signals-core";
import { browserShelf, type Shelf } from "./choices";

const KEY = "convene.relayOnly";

/** True: never directly, always through the server's relay. It counts from the next transports on, where there is a relay. */
export function rememberedRoute(shelf: Shelf): Signal<boolean> {
  let kept = false;
  try {
    kept = shelf?.getItem(KEY) === "true";
  } catch {
    // A shelf that cannot be read is an empty one.
  }
  const relayOnly = signal(kept);
  effect(() => {
    const wanted = relayOnly.value;
    if (wanted === kept) return;
    kept = wanted;
    try {
      shelf?.setItem(KEY, String(wanted));
    } catch {
      // A full or forbidden store forgets; the choice still holds for this visit.
    }
  });
  return relayOnly;
}

export const relayOnly: Signal<boolean> = rememberedRoute(browserShelf());

import { type MutableRef, useEffect, useRef } from "preact/hooks";
import type { RoomSession } from "../../../session";
import { type Fit, watchHeight } from "./shown";

interface Showing {
  /** Whose picture the element shows; null while there is none. */
  producerId: string | null;
  fit: Fit;
  pinned?: boolean;
  /** Wanted as large as there is, however small it stands here: text that is scaled down twice cannot be read. */
  whole?: boolean;
}

/** For the element that a remote picture fills: tells the room how much of it is to be seen. */
export function useShown<T extends Element>(session: RoomSession, showing: Showing): MutableRef<T | null> {
  const ref = useRef<T>(null);
  const { producerId, fit, pinned = false, whole = false } = showing;
  useEffect(() => {
    const element = ref.current;
    if (element === null || producerId === null) return;
    const place = {};
    const stop = watchHeight(element, fit, (height) => {
      session.see(producerId, place, height === 0 ? null : { height: whole ? 0 : height, pinned });
    });
    return () => {
      stop();
      session.see(producerId, place, null);
    };
  }, [session, producerId, fit, pinned, whole]);
  return ref;
}

import { useEffect } from "preact/hooks";

/** Keeps the screen on while the room is in view, where the browser can. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let inRoom = true;
    const hold = async () => {
      if (!("wakeLock" in navigator) || document.visibilityState !== "visible" || lock?.released === false)
        return;
      try {
        const held = await navigator.wakeLock.request("screen");
        if (inRoom) lock = held;
        else await held.release();
      } catch {
        // low battery or no permission: the screen then turns off as usual
      }
    };
    const onVisible = () => void hold();
    onVisible();
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      inRoom = false;
      document.removeEventListener("visibilitychange", onVisible);
      void lock?.release();
    };
  }, []);
}

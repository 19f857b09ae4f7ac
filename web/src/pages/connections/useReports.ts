import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, api, sentenceOf } from "../../protocol/api";
import type { RoomMedia } from "../../protocol/roomMedia";
import { type Rates, ratesBetween } from "./report";

const EVERY_MS = 3_000;
const REFUSED = new Set([401, 403, 404]);

export interface Reports {
  report: RoomMedia | null;
  rates: Rates;
  /** Why the last attempt brought nothing; what is shown is then older. */
  trouble: string | null;
  /** The sentence of a refusal that asking again does not change; nothing is asked any more. */
  refused: string | null;
}

const NOTHING_YET: Reports = { report: null, rates: new Map(), trouble: null, refused: null };

/**
 * Asks for a report every three seconds, one at a time, while the page is to be seen and not paused. What is shown stays
 * until the next one is there.
 */
export function useReports(timeslot: string, paused: boolean): Reports & { again: () => void } {
  const [reports, setReports] = useState<Reports>(NOTHING_YET);
  const [round, setRound] = useState(0);
  const last = useRef<RoomMedia | null>(null);

  useEffect(() => {
    if (paused) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const report = await api.roomMedia(timeslot, stop.signal);
        const rates = ratesBetween(last.current, report);
        last.current = report;
        setReports({ report, rates, trouble: null, refused: null });
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error instanceof ApiError && REFUSED.has(error.status)) {
          setReports({ ...NOTHING_YET, refused: sentenceOf(error) });
          return;
        }
        setReports((shown) => ({ ...shown, trouble: sentenceOf(error) }));
      }
      if (!stop.signal.aborted) timer = setTimeout(next, EVERY_MS);
    };
    const next = () => {
      if (document.visibilityState === "visible") void ask();
    };
    const seen = () => {
      clearTimeout(timer);
      next();
    };
    void ask();
    document.addEventListener("visibilitychange", seen);
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [timeslot, paused, round]);

  return { ...reports, again: () => setRound((one) => one + 1) };
}

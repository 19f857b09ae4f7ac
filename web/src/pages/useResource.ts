import { useCallback, useEffect, useState } from "preact/hooks";

export type Resource<T> =
  | { state: "loading"; data: null; error: null }
  | { state: "ready"; data: T; error: null }
  /** The last good data stays, when there was any. */
  | { state: "failed"; data: T | null; error: unknown };

export interface Loaded<T> {
  resource: Resource<T>;
  /** Asks again; what is shown stays until the answer is there. */
  reload: () => void;
  /** Shows what another request answered. */
  put: (data: T) => void;
}

/** Loads when `key` changes, drops answers that come too late, and forgets the data of another key. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [held, setHeld] = useState<{ key: string; resource: Resource<T> }>({ key, resource: LOADING });
  const [round, setRound] = useState(0);

  useEffect(() => {
    const stop = new AbortController();
    load(stop.signal).then(
      (data) => {
        if (!stop.signal.aborted) setHeld({ key, resource: { state: "ready", data, error: null } });
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        setHeld((last) => ({
          key,
          resource: { state: "failed", data: last.key === key ? last.resource.data : null, error },
        }));
      },
    );
    return () => stop.abort();
  }, [key, round]);

  const reload = useCallback(() => setRound((last) => last + 1), []);
  const put = (data: T) => setHeld({ key, resource: { state: "ready", data, error: null } });
  return { resource: held.key === key ? held.resource : LOADING, reload, put };
}

const LOADING = { state: "loading", data: null, error: null } as const;

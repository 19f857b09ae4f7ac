import { useLayoutEffect, useRef } from "preact/hooks";

/** Keeps the focus with what was moved, and gives it to a neighbour of what was removed. Say before with `follow` what
 *  is to have it (a selector under `root`) once `order` has changed. */
export function useFollow<T extends HTMLElement>(order: unknown) {
  const root = useRef<T>(null);
  const wanted = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (wanted.current) root.current?.querySelector<HTMLElement>(wanted.current)?.focus();
    wanted.current = null;
  }, [order]);
  return {
    root,
    follow: (selector: string) => {
      wanted.current = selector;
    },
  };
}

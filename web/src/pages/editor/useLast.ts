import { useState } from "preact/hooks";

/** What was shown last, while the next is on its way: rows stay under the hand. */
export function useLast<T>(data: T | null): T | null {
  const [last, setLast] = useState<T | null>(null);
  if (data !== null && data !== last) setLast(data);
  return data ?? last;
}

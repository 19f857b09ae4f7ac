import { useEffect, useRef, useState } from "preact/hooks";
import { api, type SessionCard, sentenceOf, type Wanted } from "../../protocol/api";
import { toast } from "../../ui";
import { type Resource, useResource } from "../useResource";

export interface Pages {
  resource: Resource<{ items: SessionCard[] }>;
  reload: () => void;
  /** Whether there is more on the page than the first page. */
  extended: boolean;
  /** Asks for the next page; null where there is none. */
  more: (() => void) | null;
  busy: boolean;
}

const PAGE = "24";

/** A list that is asked for page by page; `key` null: not yet. Reloading begins with the first page. */
export function usePages(key: string | null, wanted: Wanted): Pages {
  const { resource, reload } = useResource(key ?? "", (signal) =>
    key === null ? new Promise<never>(() => {}) : api.sessions({ ...wanted, limit: PAGE }, signal),
  );
  const first = resource.data;
  const [further, setFurther] = useState<{ of: unknown; items: SessionCard[]; next: number | null }>();
  const [busy, setBusy] = useState(false);
  const now = useRef(first);
  now.current = first;
  useEffect(() => setBusy(false), [first]);
  const added = further && further.of === first ? further : null;
  const next = added ? added.next : (first?.next ?? null);
  const more = async (cursor: number) => {
    setBusy(true);
    try {
      const page = await api.sessions({ ...wanted, limit: PAGE, cursor: String(cursor) });
      if (now.current === first) {
        setFurther({ of: first, items: [...(added?.items ?? []), ...page.items], next: page.next });
      }
    } catch (error) {
      toast(sentenceOf(error));
    }
    setBusy(false);
  };
  const shown = first && added ? { items: [...first.items, ...added.items] } : first;
  return {
    resource: { ...resource, data: shown } as Pages["resource"],
    reload,
    extended: added !== null,
    more: next === null ? null : () => void more(next),
    busy,
  };
}

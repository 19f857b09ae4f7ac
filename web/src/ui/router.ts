/** The address bar as a signal, and the ways to change it. Ordinary links are enough: clicks on them are caught here. */

import { signal } from "@preact/signals";

export interface Place {
  path: string;
  query: URLSearchParams;
}

const read = (): Place => {
  const { pathname, search } = globalThis.location ?? { pathname: "/", search: "" };
  return { path: pathname, query: new URLSearchParams(search) };
};

/** Where the reader is. */
export const here = signal<Place>(read());

interface Going {
  /** Take the place of the current entry in the history instead of adding one. */
  replace?: boolean;
  /** A change within the page (a filter): focus and scroll stay. */
  within?: boolean;
}

export function navigate(to: string, { replace = false, within = false }: Going = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", to);
  here.value = read();
  if (within) return;
  window.scrollTo(0, 0);
  arrivals.value += 1;
}

/** Counts arrivals on a page by a link, so that the shell can move the focus there. */
export const arrivals = signal(0);

/** Catches clicks on links within the site and the browser's back and forward. Returns what undoes it. */
export function startRouter(): () => void {
  const click = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    const sameDocument = link.pathname === location.pathname && link.search === location.search;
    if (sameDocument && link.hash) return;
    if (/^\/(api|assets|healthz|metrics)(\/|$)/.test(link.pathname)) return;
    event.preventDefault();
    navigate(link.pathname + link.search + link.hash, { replace: sameDocument });
  };
  const popped = () => {
    here.value = read();
    arrivals.value += 1;
  };
  document.addEventListener("click", click);
  window.addEventListener("popstate", popped);
  return () => {
    document.removeEventListener("click", click);
    window.removeEventListener("popstate", popped);
  };
}

/** The named parts of a path that has the shape of `pattern` ("/sessions/:id"), or null. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/").filter(Boolean);
  const given = path.split("/").filter(Boolean);
  if (wanted.length !== given.length) return null;
  const parts: Record<string, string> = {};
  for (const [at, piece] of wanted.entries()) {
    const value = given[at] ?? "";
    if (piece.startsWith(":")) {
      const decoded = decode(value);
      if (decoded === null) return null;
      parts[piece.slice(1)] = decoded;
    } else if (piece !== value) return null;
  }
  return parts;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Where to go after signing in: `next` when it is a page of this site other than the forms, else the home page. */
export function safeNext(next: string | null, origin: string): string {
  if (!next?.startsWith("/")) return "/";
  let url: URL;
  try {
    url = new URL(next, origin);
  } catch {
    return "/";
  }
  if (url.pathname.startsWith("//")) return "/"; // "/..//host" became another site's address
  if (url.origin !== origin || /^\/sign-(in|up)\/?$/.test(url.pathname)) return "/";
  return url.pathname + url.search + url.hash;
}

/** The sign-in (or sign-up) page that leads back to `to`. */
export function signInAddress(to: string, page: "/sign-in" | "/sign-up" = "/sign-in"): string {
  return to === "/" ? page : `${page}?${new URLSearchParams({ next: to })}`;
}

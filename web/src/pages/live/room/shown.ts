/** How large a picture stands on the page, so that no larger one is asked for. */

import { RATIO } from "./grid";

export type Fit = "cover" | "contain";

/** Height of a 16:9 picture in a box of this size, in the same unit: what `cover` cuts off counts too. */
export function pictureHeight(width: number, height: number, fit: Fit): number {
  const full = width / RATIO;
  return fit === "cover" ? Math.max(height, full) : Math.min(height, full);
}

/** Tells the height of the picture in an element, in device pixels, and 0 where it cannot be seen; until the function returned is called. */
export function watchHeight(element: Element, fit: Fit, tell: (height: number) => void): () => void {
  let inSight = false;
  const read = () => {
    const { clientWidth, clientHeight } = element;
    const height = inSight ? pictureHeight(clientWidth, clientHeight, fit) : 0;
    tell(Math.ceil(height * devicePixelRatio));
  };
  const sight = new IntersectionObserver(
    (entries) => {
      inSight = (entries.at(-1)?.intersectionRatio ?? 0) > 0;
      read();
    },
    { threshold: [0, 0.01] }, // at 0 alone, what comes in after touching the edge would not be told
  );
  const size = new ResizeObserver(read);
  sight.observe(element);
  size.observe(element);
  globalThis.addEventListener("resize", read); // also comes when a window moves to a finer screen
  return () => {
    sight.disconnect();
    size.disconnect();
    globalThis.removeEventListener("resize", read);
  };
}

import type { RefObject } from "preact";

/** Moves what is larger than its frame with the mouse; fingers scroll by themselves. */
export function useDragToScroll(scroller: RefObject<HTMLElement>) {
  return {
    onPointerDown: (event: PointerEvent) => {
      const element = scroller.current;
      const scrolls = element !== null && element.scrollWidth > element.clientWidth;
      if (event.pointerType === "mouse" && event.button === 0 && scrolls)
        element.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      const element = scroller.current;
      if (element?.hasPointerCapture(event.pointerId)) element.scrollBy(-event.movementX, -event.movementY);
    },
  };
}

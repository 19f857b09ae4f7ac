/** Where something that floats goes: beside its anchor, inside the window. Pure, in CSS pixels. */

export type Side = "top" | "bottom" | "left" | "right";
export type Align = "start" | "center" | "end";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

const GAP = 6;
const MARGIN = 8;

/** Prefers `side`, takes the opposite one where there is more room, and never leaves the window. */
export function place(
  anchor: Box,
  floating: Size,
  view: Size,
  side: Side,
  align: Align,
): { left: number; top: number } {
  const vertical = side === "top" || side === "bottom";
  const chosen = fits(anchor, floating, view, side) ? side : better(anchor, view, side);
  const spot = vertical
    ? {
        left: along(anchor.left, anchor.width, floating.width, align),
        top: before(chosen) ? anchor.top - floating.height - GAP : anchor.top + anchor.height + GAP,
      }
    : {
        left: before(chosen) ? anchor.left - floating.width - GAP : anchor.left + anchor.width + GAP,
        top: along(anchor.top, anchor.height, floating.height, align),
      };
  return {
    left: clamp(spot.left, view.width - floating.width),
    top: clamp(spot.top, view.height - floating.height),
  };
}

const before = (side: Side): boolean => side === "top" || side === "left";

function along(start: number, length: number, size: number, align: Align): number {
  if (align === "start") return start;
  return align === "end" ? start + length - size : start + (length - size) / 2;
}

function room(anchor: Box, view: Size, side: Side): number {
  if (side === "top") return anchor.top;
  if (side === "left") return anchor.left;
  if (side === "bottom") return view.height - anchor.top - anchor.height;
  return view.width - anchor.left - anchor.width;
}

function fits(anchor: Box, floating: Size, view: Size, side: Side): boolean {
  const needed = (side === "top" || side === "bottom" ? floating.height : floating.width) + GAP + MARGIN;
  return room(anchor, view, side) >= needed;
}

function better(anchor: Box, view: Size, side: Side): Side {
  const opposite = { top: "bottom", bottom: "top", left: "right", right: "left" } as const;
  return room(anchor, view, opposite[side]) > room(anchor, view, side) ? opposite[side] : side;
}

function clamp(value: number, most: number): number {
  return Math.max(MARGIN, Math.min(value, most - MARGIN));
}

/** Moves an element that is fixed to the window beside its anchor. */
export function placeBeside(floating: HTMLElement, anchor: Element, side: Side, align: Align): void {
  const view = { width: document.documentElement.clientWidth, height: window.innerHeight };
  const spot = place(anchor.getBoundingClientRect(), floating.getBoundingClientRect(), view, side, align);
  floating.style.left = `${Math.round(spot.left)}px`;
  floating.style.top = `${Math.round(spot.top)}px`;
}

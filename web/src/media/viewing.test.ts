import { describe, expect, it } from "vitest";
import { LATER, RETRY, SOON, Viewing } from "./viewing";

const PLACE = {};
const OTHER = {};

function view(height: number, pinned = false) {
  return { height, pinned };
}

/** Received, and shown 360 pixels high, which the server knows. */
function shown(): Viewing {
  const viewing = new Viewing();
  viewing.see("p", PLACE, view(360), 0);
  viewing.begin("p", 0);
  return viewing;
}

describe("Viewing", () => {
  it("tells what is shown when receiving begins", () => {
    const viewing = new Viewing();
    viewing.see("p", PLACE, view(180), 0);
    expect(viewing.due(1e6)).toEqual([]); // nobody to tell before that
    expect(viewing.begin("p", 0)).toEqual({ height: 180, visible: true, pinned: false });
    expect(viewing.nextDue).toBe(Number.POSITIVE_INFINITY);
  });

  it("says nothing where the server supposes right", () => {
    const viewing = new Viewing();
    viewing.see("p", PLACE, view(0), 0);
    expect(viewing.begin("p", 0)).toBeNull();
    expect(viewing.due(1e6)).toEqual([]);
  });

  it("waits a moment for the place of a picture that has none", () => {
    const viewing = new Viewing();
    expect(viewing.begin("p", 0)).toBeNull();
    expect(viewing.due(LATER - 1)).toEqual([]);
    expect(viewing.due(LATER)).toEqual([["p", { height: 0, visible: false, pinned: false }]]);
    viewing.see("p", PLACE, view(90), 5_000);
    expect(viewing.nextDue).toBe(5_000 + SOON);
  });

  it("asks for more soon, and for less later", () => {
    const viewing = shown();
    viewing.see("p", PLACE, view(720), 1_000);
    expect(viewing.nextDue).toBe(1_000 + SOON);
    expect(viewing.due(1_000 + SOON)).toEqual([["p", { height: 720, visible: true, pinned: false }]]);
    viewing.see("p", PLACE, view(180), 2_000);
    expect(viewing.nextDue).toBe(2_000 + LATER);
    expect(viewing.due(2_000 + LATER)).toEqual([["p", { height: 180, visible: true, pinned: false }]]);
  });

  it("does not put off what is due while a window is dragged", () => {
    const viewing = shown();
    for (let step = 0; step < 10; step++) viewing.see("p", PLACE, view(300 - 10 * step), 100 * step);
    expect(viewing.nextDue).toBe(LATER);
  });

  it("forgets a change that was taken back", () => {
    const viewing = shown();
    viewing.see("p", PLACE, null, 1_000);
    viewing.see("p", PLACE, view(350), 1_100);
    expect(viewing.nextDue).toBe(Number.POSITIVE_INFINITY);
  });

  it("counts the largest of several places, and a pin in any", () => {
    const viewing = shown();
    viewing.see("p", OTHER, view(90, true), 0);
    expect(viewing.due(SOON)).toEqual([["p", { height: 360, visible: true, pinned: true }]]);
    viewing.see("p", OTHER, view(0), 1_000);
    expect(viewing.due(1_000 + SOON)).toEqual([["p", { height: 0, visible: true, pinned: false }]]);
    viewing.see("p", OTHER, null, 2_000);
    expect(viewing.due(2_000 + LATER)).toEqual([["p", { height: 360, visible: true, pinned: false }]]);
  });

  it("asks for no picture while the page is hidden, and for all when it is back", () => {
    const viewing = shown();
    viewing.cover(true, 0);
    expect(viewing.due(LATER)).toEqual([["p", { height: 0, visible: false, pinned: false }]]);
    viewing.cover(false, 5_000);
    expect(viewing.due(5_000 + SOON)).toEqual([["p", { height: 360, visible: true, pinned: false }]]);
  });

  it("repeats what could not be told", () => {
    const viewing = shown();
    viewing.see("p", PLACE, view(720), 0);
    viewing.due(SOON);
    viewing.failed("p", 100);
    viewing.see("p", PLACE, view(700), 200);
    expect(viewing.due(100 + RETRY)).toEqual([["p", { height: 700, visible: true, pinned: false }]]);
  });

  it("keeps what places show for the next time that it is received", () => {
    const viewing = shown();
    viewing.end("p");
    expect(viewing.begin("p", 9_000)).toEqual({ height: 360, visible: true, pinned: false });
  });
});

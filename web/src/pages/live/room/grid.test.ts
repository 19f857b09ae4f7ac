import { describe, expect, it } from "vitest";
import { GAP, largestTiles, pageCapacity, pageOf, RATIO } from "./grid";

describe("largestTiles", () => {
  it.each([
    // people, width, height, columns, rows
    [1, 1264, 600, 1, 1],
    [2, 1264, 600, 2, 1],
    [2, 344, 600, 1, 2],
    [3, 1264, 600, 2, 2],
    [4, 1264, 600, 2, 2],
    [5, 1264, 600, 3, 2],
    [12, 1904, 900, 4, 3],
    [12, 344, 600, 2, 6],
    [49, 1904, 900, 7, 7],
  ])("%i people on %i × %i stand in %i columns, %i rows", (count, width, height, columns, rows) => {
    expect(largestTiles(count, width, height)).toMatchObject({ columns, rows });
  });

  it("never leaves the area, and no other number of columns gives larger tiles", () => {
    for (const [width, height] of [
      [1264, 600],
      [1904, 920],
      [900, 120],
    ] as const) {
      for (let count = 1; count <= 49; count++) {
        const grid = largestTiles(count, width, height);
        expect(Math.abs(grid.height - grid.width / RATIO)).toBeLessThan(1);
        expect(grid.columns * grid.width + (grid.columns - 1) * GAP).toBeLessThanOrEqual(width);
        expect(grid.rows * grid.height + (grid.rows - 1) * GAP).toBeLessThanOrEqual(height);
        expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
        for (let columns = 1; columns <= count; columns++) {
          const rows = Math.ceil(count / columns);
          const fits = Math.min(
            (width - GAP * (columns - 1)) / columns,
            ((height - GAP * (rows - 1)) / rows) * RATIO,
          );
          expect(Math.floor(fits)).toBeLessThanOrEqual(grid.width);
        }
      }
    }
  });

  it("gives up 16:9 on a screen held upright, to leave less of it empty", () => {
    for (const [width, height] of [
      [344, 490],
      [752, 900],
    ] as const) {
      for (let count = 1; count <= 49; count++) {
        const grid = largestTiles(count, width, height);
        expect(grid.columns * grid.width + (grid.columns - 1) * GAP).toBeLessThanOrEqual(width);
        expect(grid.rows * grid.height + (grid.rows - 1) * GAP).toBeLessThanOrEqual(height);
        expect(grid.width / grid.height).toBeGreaterThan(0.78);
        expect(grid.width / grid.height).toBeLessThan(RATIO + 0.03);
      }
    }
    expect(largestTiles(2, 344, 490)).toMatchObject({ columns: 1, width: 344, height: 241 });
    expect(largestTiles(5, 344, 490)).toMatchObject({ columns: 2, rows: 3, width: 168, height: 158 });
  });

  it("has an answer for nobody and for no room", () => {
    expect(largestTiles(0, 800, 600).columns).toBe(1);
    expect(largestTiles(3, 0, 0)).toMatchObject({ width: 0, height: 0 });
  });
});

describe("pageCapacity", () => {
  it("is 49 on a desktop and fewer on a phone, where tiles would be too small", () => {
    expect(pageCapacity(1904, 900)).toBe(49);
    expect(pageCapacity(1264, 600)).toBe(49);
    const phone = pageCapacity(344, 560);
    expect(phone).toBeLessThan(20);
    expect(largestTiles(phone, 344, 560).width).toBeGreaterThanOrEqual(120);
    expect(pageCapacity(0, 0)).toBe(1);
  });
});

describe("pageOf", () => {
  const people = Array.from({ length: 100 }, (_, i) => i);

  it("cuts in order", () => {
    expect(pageOf(people, 49, 0)).toMatchObject({ index: 0, pages: 3 });
    expect(pageOf(people, 49, 1).items[0]).toBe(49);
    expect(pageOf(people, 49, 2).items).toEqual([98, 99]);
  });

  it("falls back to the last page when people leave", () => {
    expect(pageOf(people.slice(0, 50), 49, 2)).toMatchObject({ index: 1, pages: 2, items: [49] });
    expect(pageOf([], 49, 4)).toEqual({ items: [], index: 0, pages: 1 });
  });
});

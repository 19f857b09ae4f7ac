/** Where the tiles go: pure arithmetic, so that a layout can be tested without a browser. Lengths are CSS pixels. */

export const GAP = 8;
export const RATIO = 16 / 9;
/** On a screen held upright faces may lose their sides, down to this ratio: 16:9 would leave most of it empty. */
const UPRIGHT_RATIO = 4 / 5;
/** More faces than this on one page are no longer faces. */
const MOST_ON_A_PAGE = 49;
/** Below this width a tile no longer carries a name. */
const LEAST_WIDTH = 120;

export interface Grid {
  columns: number;
  rows: number;
  /** Width and height of each tile, whole pixels. */
  width: number;
  height: number;
}

/** As many columns as give the largest tiles; of two that give the same, the one with fewer empty places. */
export function largestTiles(count: number, width: number, height: number, gap = GAP): Grid {
  const narrowest = height > width ? UPRIGHT_RATIO : RATIO;
  let best: Grid = { columns: 1, rows: Math.max(1, count), width: 0, height: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const acrossWidth = (width - gap * (columns - 1)) / columns;
    const downHeight = (height - gap * (rows - 1)) / rows;
    const tileWidth = Math.floor(Math.max(0, Math.min(acrossWidth, downHeight * RATIO)));
    const tileHeight = Math.floor(Math.max(0, Math.min(downHeight, tileWidth / narrowest)));
    const grid = { columns, rows, width: tileWidth, height: tileHeight };
    const larger = areaOf(grid) - areaOf(best);
    if (larger > 0 || (larger === 0 && columns * rows < best.columns * best.rows)) best = grid;
  }
  return best;
}

const areaOf = ({ width, height }: Grid): number => width * height;

/** How many tiles one page may hold here: up to 49, fewer where they would become too small to read. */
export function pageCapacity(width: number, height: number, gap = GAP): number {
  for (let count = MOST_ON_A_PAGE; count > 1; count--) {
    if (largestTiles(count, width, height, gap).width >= LEAST_WIDTH) return count;
  }
  return 1;
}

export interface Page<T> {
  items: T[];
  /** From 0; the page asked for, or the last one when there are no longer so many. */
  index: number;
  pages: number;
}

/** Cuts a list into pages. Everyone keeps their place: only what comes after a person who left moves up. */
export function pageOf<T>(all: readonly T[], capacity: number, wanted: number): Page<T> {
  const size = Math.max(1, capacity);
  const pages = Math.max(1, Math.ceil(all.length / size));
  const index = Math.min(Math.max(0, wanted), pages - 1);
  return { items: all.slice(index * size, (index + 1) * size), index, pages };
}

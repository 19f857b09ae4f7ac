/** Who takes a place in the picture, and who only watches. Pure. */

import type { Tile } from "../../../session";

export interface Split {
  faces: Tile[];
  /** Observers who send nothing: shown small, so that they take no room away from faces. */
  watchers: Tile[];
}

export function splitTiles(tiles: readonly Tile[]): Split {
  const split: Split = { faces: [], watchers: [] };
  for (const tile of tiles) (watches(tile) ? split.watchers : split.faces).push(tile);
  return split;
}

/** An observer to whom a microphone or camera was granted, and who uses it, is somebody to look at. */
function watches({ participant, camera, microphone }: Tile): boolean {
  return participant.role === "observer" && camera === null && microphone === "none";
}

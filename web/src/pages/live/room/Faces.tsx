import { ChevronLeft, ChevronRight } from "lucide-preact";
import { useState } from "preact/hooks";
import type { RoomSession, Tile } from "../../../session";
import { classes, Icon, VisuallyHidden } from "../../../ui";
import { largestTiles, pageCapacity, pageOf } from "./grid";
import { ParticipantTile } from "./ParticipantTile";
import type { Pin } from "./pin";
import { useSize } from "./useSize";

interface FacesProps {
  session: RoomSession;
  tiles: readonly Tile[];
  pin: Pin;
}

/** Everyone, in the largest tiles that fit; in pages when they would become too small. */
export function Faces({ session, tiles, pin }: FacesProps) {
  const [area, { width, height }] = useSize<HTMLDivElement>();
  const [wanted, setWanted] = useState(0);
  const page = pageOf(tiles, width > 0 ? pageCapacity(width, height) : tiles.length, wanted);
  // A last page with one face keeps the tile size of the full ones: turning a page moves nothing.
  const count = page.pages > 1 ? pageCapacity(width, height) : page.items.length;
  const grid = largestTiles(count, width, height);
  const avatar = Math.round(Math.min(128, Math.max(28, Math.min(grid.width, grid.height) * 0.42)));
  return (
    <div class="faces">
      <div class="faces-area" ref={area}>
        {tiles.length === 0 && <p class="faces-none">Only observers are here so far.</p>}
        <div
          class={classes("faces-grid", page.pages > 1 && "faces-grid-paged")}
          style={{
            "--tile-width": `${grid.width}px`,
            "--tile-height": `${grid.height}px`,
            "--columns": `${grid.columns}`,
            "--rows": `${grid.rows}`,
          }}
        >
          {page.items.map((tile) => (
            <ParticipantTile
              key={tile.participant.id}
              session={session}
              tile={tile}
              avatar={avatar}
              pin={pin}
            />
          ))}
        </div>
      </div>
      {page.pages > 1 && <Pager index={page.index} pages={page.pages} onTurn={setWanted} />}
    </div>
  );
}

interface PagerProps {
  index: number;
  pages: number;
  onTurn(index: number): void;
}

function Pager({ index, pages, onTurn }: PagerProps) {
  return (
    <nav class="pager" aria-label="Pages of participants">
      <button type="button" class="pager-step" disabled={index === 0} onClick={() => onTurn(index - 1)}>
        <Icon of={ChevronLeft} />
        <VisuallyHidden>Previous page</VisuallyHidden>
      </button>
      {Array.from({ length: pages }, (_, page) => (
        <button
          key={page}
          type="button"
          class="pager-dot"
          aria-label={`Page ${page + 1} of ${pages}`}
          aria-current={page === index ? "page" : undefined}
          onClick={() => onTurn(page)}
        />
      ))}
      <button
        type="button"
        class="pager-step"
        disabled={index === pages - 1}
        onClick={() => onTurn(index + 1)}
      >
        <Icon of={ChevronRight} />
        <VisuallyHidden>Next page</VisuallyHidden>
      </button>
    </nav>
  );
}

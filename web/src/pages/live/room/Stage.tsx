import { useState } from "preact/hooks";
import type { RoomSession, Screen, Tile } from "../../../session";
import { classes } from "../../../ui";
import { Faces } from "./Faces";
import { ParticipantTile } from "./ParticipantTile";
import { ScreenThumbnail, ScreenView } from "./ScreenView";
import { useSize } from "./useSize";
import { Watchers } from "./Watchers";
import { splitTiles } from "./watching";

/** People, or a shared screen with the people beside it, and under both whoever only watches. */
export function Stage({ session }: { session: RoomSession }) {
  const { faces, watchers } = splitTiles(session.tiles.value);
  return (
    <div class="picture">
      <Picture session={session} tiles={faces} />
      <Watchers tiles={watchers} />
    </div>
  );
}

/** Your own shares are in the sharing bar. */
function Picture({ session, tiles }: { session: RoomSession; tiles: readonly Tile[] }) {
  const screens = session.screens.value.filter((screen) => !screen.isYou);
  if (screens.length === 0) return <Faces session={session} tiles={tiles} />;
  return <Shared session={session} screens={screens} tiles={tiles} />;
}

interface SharedProps {
  session: RoomSession;
  screens: readonly Screen[];
  tiles: readonly Tile[];
}

/** One screen large; faces and other screens in a filmstrip beside it, or in the space below on a screen held upright. */
function Shared({ session, screens, tiles }: SharedProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [area, { width, height }] = useSize<HTMLDivElement>();
  const upright = height > width;
  const shown = screens.find((screen) => screen.id === chosen) ?? screens[0];
  const others = screens.filter((screen) => screen !== shown);
  return (
    <div class={classes("share", upright && "share-upright")} ref={area}>
      {shown !== undefined && <ScreenView key={shown.id} screen={shown} />}
      {(!upright || others.length > 0) && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <section class="filmstrip" aria-label={upright ? "Other screens" : "Everyone"} tabIndex={0}>
          {others.map((screen) => (
            <ScreenThumbnail key={screen.id} screen={screen} onShow={() => setChosen(screen.id)} />
          ))}
          {!upright &&
            tiles.map((tile) => (
              <ParticipantTile key={tile.participant.id} session={session} tile={tile} avatar={48} />
            ))}
        </section>
      )}
      {upright && <Faces session={session} tiles={tiles} />}
    </div>
  );
}

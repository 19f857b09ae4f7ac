import { useState } from "preact/hooks";
import type { RoomSession, Screen, Tile } from "../../../session";
import { classes } from "../../../ui";
import { Faces } from "./Faces";
import { ParticipantTile } from "./ParticipantTile";
import { type Pin, usePin } from "./pin";
import { ScreenThumbnail, ScreenView } from "./ScreenView";
import { useSize } from "./useSize";
import { Watchers } from "./Watchers";
import { splitTiles } from "./watching";

/** People, or a shared screen or pinned person with the people beside it, and under both whoever only watches. */
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
  const pin = usePin();
  const screens = session.screens.value.filter((screen) => !screen.isYou);
  const pinned = tiles.find((tile) => tile.participant.id === pin.id) ?? null;
  if (screens.length === 0 && pinned === null) return <Faces session={session} tiles={tiles} pin={pin} />;
  return <Focused session={session} screens={screens} tiles={tiles} pinned={pinned} pin={pin} />;
}

interface FocusedProps {
  session: RoomSession;
  screens: readonly Screen[];
  tiles: readonly Tile[];
  pinned: Tile | null;
  pin: Pin;
}

/**
 * One picture large: whoever is pinned, or else a screen. Faces and the screens not shown stand in a filmstrip beside
 * it, or in the space below on a screen held upright.
 */
function Focused({ session, screens, tiles, pinned, pin }: FocusedProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [area, { width, height }] = useSize<HTMLDivElement>();
  const upright = height > width;
  const shown = pinned === null ? (screens.find((screen) => screen.id === chosen) ?? screens[0]) : undefined;
  const others = screens.filter((screen) => screen !== shown);
  const faces = tiles.filter((tile) => tile !== pinned);
  const choose = (screen: Screen) => {
    setChosen(screen.id);
    if (pinned !== null) pin.toggle(pinned.participant.id);
  };
  return (
    <div class={classes("share", upright && "share-upright")} ref={area}>
      {pinned !== null && (
        <ParticipantTile
          key={pinned.participant.id}
          session={session}
          tile={pinned}
          avatar={128}
          pin={pin}
          large
        />
      )}
      {shown !== undefined && <ScreenView key={shown.id} session={session} screen={shown} />}
      {(others.length > 0 || (!upright && faces.length > 0)) && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <section class="filmstrip" aria-label={upright ? "Other screens" : "Everyone"} tabIndex={0}>
          {others.map((screen) => (
            <ScreenThumbnail
              key={screen.id}
              session={session}
              screen={screen}
              onShow={() => choose(screen)}
            />
          ))}
          {!upright &&
            faces.map((tile) => (
              <ParticipantTile
                key={tile.participant.id}
                session={session}
                tile={tile}
                avatar={48}
                pin={pin}
              />
            ))}
        </section>
      )}
      {upright && (pinned === null || faces.length > 0) && (
        <Faces session={session} tiles={faces} pin={pin} />
      )}
    </div>
  );
}

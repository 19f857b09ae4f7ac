import { useState } from "preact/hooks";
import type { RoomSession, Screen } from "../../../session";
import { Faces } from "./Faces";
import { ParticipantTile } from "./ParticipantTile";
import { ScreenThumbnail, ScreenView } from "./ScreenView";

/** The picture: people, or a shared screen with the people beside it. Your own shares are in the sharing bar. */
export function Stage({ session }: { session: RoomSession }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const tiles = session.tiles.value;
  const screens = session.screens.value.filter((screen) => !screen.isYou);
  const shown = screens.find((screen) => screen.id === chosen) ?? screens[0];
  if (shown === undefined) return <Faces session={session} tiles={tiles} />;
  const others: Screen[] = screens.filter((screen) => screen.id !== shown.id);
  return (
    <div class="share">
      <ScreenView key={shown.id} screen={shown} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section class="filmstrip" aria-label="Everyone" tabIndex={0}>
        {others.map((screen) => (
          <ScreenThumbnail key={screen.id} screen={screen} onShow={() => setChosen(screen.id)} />
        ))}
        {tiles.map((tile) => (
          <ParticipantTile key={tile.participant.id} session={session} tile={tile} avatar={48} />
        ))}
      </section>
    </div>
  );
}

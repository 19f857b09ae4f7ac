import { Eye, Hand } from "lucide-preact";
import type { Tile } from "../../../session";
import { Avatar, Icon, Spinner, VisuallyHidden } from "../../../ui";
import { Video } from "./Video";
import "./watchers.css";

/** Observers: always counted and named, in one quiet row under the picture. */
export function Watchers({ tiles }: { tiles: readonly Tile[] }) {
  if (tiles.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section class="watchers" aria-label="Observers" tabIndex={0}>
      <p class="watchers-count numbers">
        <Icon of={Eye} size={16} />
        {tiles.length === 1 ? "1 observer" : `${tiles.length} observers`}
      </p>
      {tiles.map((tile) => (
        <Watcher key={tile.participant.id} tile={tile} />
      ))}
    </section>
  );
}

function Watcher({ tile: { participant, isYou, camera } }: { tile: Tile }) {
  const away = participant.state === "reconnecting";
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div class="watcher" role="group" aria-label={participant.name}>
      <Video track={camera} />
      {away ? <Spinner size={20} /> : <Avatar name={participant.name} size={24} />}
      <span class="watcher-name" dir="auto" title={participant.name}>
        {participant.name}
      </span>
      {isYou && <span class="watcher-you">(You)</span>}
      {away && <VisuallyHidden>Reconnecting…</VisuallyHidden>}
      {participant.handRaisedAt !== undefined && (
        <span class="watcher-hand">
          <Icon of={Hand} size={16} />
          <VisuallyHidden>Hand raised</VisuallyHidden>
        </span>
      )}
    </div>
  );
}

import { Ellipsis, Hand, MicOff } from "lucide-preact";
import { useRef } from "preact/hooks";
import type { RoomSession, Tile } from "../../../session";
import { Avatar, classes, Icon, IconButton, Menu, RoleBadge, Spinner, VisuallyHidden } from "../../../ui";
import { staffActions } from "./staffActions";
import { useLongPress } from "./useLongPress";
import { Video } from "./Video";

interface ParticipantTileProps {
  session: RoomSession;
  tile: Tile;
  /** Edge of the avatar that stands in for the camera, in CSS pixels. */
  avatar: number;
}

/** One person: their picture or initials, who they are, and whether they can be heard. */
export function ParticipantTile({ session, tile, avatar }: ParticipantTileProps) {
  const { participant, isYou } = tile;
  const menuButton = useRef<HTMLButtonElement>(null);
  const press = useLongPress(() => menuButton.current?.click());
  const away = participant.state === "reconnecting";
  const state = classes("tile", tile.speaking.value && !away && "tile-speaking", away && "tile-away");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div class={state} role="group" aria-label={participant.name} {...press}>
      {/* Under the picture, so that it stands there until the first frame, or for good where none gets through. */}
      <Avatar name={participant.name} size={avatar} />
      <Video track={tile.camera} mirrored={isYou} />
      {participant.handRaisedAt !== undefined && (
        <span class="tile-hand">
          <Icon of={Hand} size={16} />
          <VisuallyHidden>Hand raised</VisuallyHidden>
        </span>
      )}
      {away && (
        <span class="tile-reconnecting">
          <Spinner size={16} /> Reconnecting…
        </span>
      )}
      <TileLabel tile={tile} />
      <TileMenu session={session} tile={tile} button={menuButton} />
    </div>
  );
}

function TileLabel({ tile }: { tile: Tile }) {
  const { participant, isYou } = tile;
  return (
    <span class="tile-label">
      {isSilent(tile) && <Muted tile={tile} />}
      <span class="tile-name" dir="auto" title={participant.name}>
        {participant.name}
      </span>
      {isYou && <span class="tile-you">(You)</span>}
      <RoleBadge role={participant.role} class="tile-role" />
    </span>
  );
}

/** Your own state stands there in words: nobody should have to guess whether they are heard. */
function Muted({ tile }: { tile: Tile }) {
  const words = tile.mutedBy === "staff" ? "Muted by the host" : "Muted";
  return (
    <span class="tile-muted">
      <Icon of={MicOff} size={16} />
      {tile.isYou ? <span class="tile-muted-words">{words}</span> : <VisuallyHidden>{words}</VisuallyHidden>}
    </span>
  );
}

/** Observers never have a microphone, so for them a crossed one would say nothing. */
function isSilent(tile: Tile): boolean {
  return tile.microphone !== "on" && tile.participant.role !== "observer";
}

interface TileMenuProps {
  session: RoomSession;
  tile: Tile;
  button: { current: HTMLButtonElement | null };
}

function TileMenu({ session, tile, button }: TileMenuProps) {
  const entries = staffActions(session, tile);
  if (entries.length === 0) return null;
  const label = `Actions for ${tile.participant.name}`;
  return (
    <span class="tile-menu">
      <Menu
        label={label}
        entries={entries}
        trigger={({ elementRef, ...trigger }) => (
          <IconButton
            label={label}
            icon={Ellipsis}
            size="small"
            tooltipSide="bottom"
            {...trigger}
            elementRef={(element: HTMLButtonElement | null) => {
              button.current = element;
              if (typeof elementRef === "object" && elementRef !== null) elementRef.current = element;
            }}
          />
        )}
      />
    </span>
  );
}

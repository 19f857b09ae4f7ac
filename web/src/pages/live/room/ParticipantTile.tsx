import { Ellipsis, Hand, MicOff, Pin as PinIcon, SignalLow } from "lucide-preact";
import { useRef } from "preact/hooks";
import type { RoomSession, Tile } from "../../../session";
import { Avatar, classes, Icon, IconButton, Menu, RoleBadge, Spinner, VisuallyHidden } from "../../../ui";
import { Held } from "./Held";
import { type Pin, pinAction } from "./pin";
import { staffActions } from "./staffActions";
import { useLongPress } from "./useLongPress";
import { useShown } from "./useShown";
import { Video } from "./Video";

interface ParticipantTileProps {
  session: RoomSession;
  tile: Tile;
  /** Edge of the avatar that stands in for the camera, in CSS pixels. */
  avatar: number;
  /** Absent where nobody can be pinned. */
  pin?: Pin;
  /** In the place that a shared screen would have: nothing of the picture is cut off. */
  large?: boolean;
}

/** One person: their picture or initials, who they are, and whether they can be heard. */
export function ParticipantTile({ session, tile, avatar, pin, large = false }: ParticipantTileProps) {
  const { participant, isYou } = tile;
  const fit = large ? "contain" : "cover";
  const pinned = pin?.id === participant.id;
  const picture = useShown<HTMLDivElement>(session, { producerId: tile.cameraId, fit, pinned });
  const menuButton = useRef<HTMLButtonElement>(null);
  const press = useLongPress(() => menuButton.current?.click());
  const away = participant.state === "reconnecting";
  const state = classes(
    "tile",
    large && "tile-large",
    tile.speaking.value && !away && "tile-speaking",
    away && "tile-away",
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div
      class={state}
      role="group"
      aria-label={participant.name}
      data-participant={participant.id}
      ref={picture}
      {...press}
    >
      {/* Under the picture, so that it stands there until the first frame, or for good where none gets through. */}
      <Avatar name={participant.name} size={avatar} />
      <Video track={tile.camera} mirrored={isYou} fit={fit} />
      {participant.handRaisedAt !== undefined && (
        <span class="tile-hand">
          <Icon of={Hand} size={16} />
          <VisuallyHidden>Hand raised</VisuallyHidden>
        </span>
      )}
      {tile.held && !away && <Held />}
      {away && (
        <span class="tile-reconnecting">
          <Spinner size={16} /> Reconnecting…
        </span>
      )}
      <TileLabel tile={tile} pinned={pinned} />
      <TileMenu session={session} tile={tile} pin={pin} button={menuButton} />
    </div>
  );
}

function TileLabel({ tile, pinned }: { tile: Tile; pinned: boolean }) {
  const { participant, isYou } = tile;
  return (
    <span class="tile-label">
      {isSilent(tile) && <Muted tile={tile} />}
      {pinned && (
        <span class="tile-pinned">
          <Icon of={PinIcon} size={16} />
          <VisuallyHidden>Pinned</VisuallyHidden>
        </span>
      )}
      <span class="tile-name" dir="auto" title={participant.name}>
        {participant.name}
      </span>
      {isYou && <span class="tile-you">(You)</span>}
      {tile.connection.value === "poor" && participant.state !== "reconnecting" && (
        <span class="tile-poor">
          <Icon of={SignalLow} size={16} />
          <span class="tile-poor-words">Poor connection</span>
        </span>
      )}
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
  pin: Pin | undefined;
  button: { current: HTMLButtonElement | null };
}

function TileMenu({ session, tile, pin, button }: TileMenuProps) {
  const pinning = pin === undefined || tile.isYou ? [] : [pinAction(pin, tile.participant.id)];
  const entries = [...pinning, ...staffActions(session, tile)];
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

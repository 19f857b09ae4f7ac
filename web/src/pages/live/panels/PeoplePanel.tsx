import { Ellipsis, Hand, Mic, MicOff, Users, Video, VideoOff } from "lucide-preact";
import type { RoomSession, Tile } from "../../../session";
import { Avatar, Button, EmptyState, Icon, IconButton, Menu, roleName, VisuallyHidden } from "../../../ui";
import type { Panels } from "../room/panels";
import { staffActions } from "../room/staffActions";
import { tell } from "../room/tell";
import { Panel } from "./Panel";

/** Who is here, with what they send; hands first, in the order in which they went up. */
export function PeoplePanel({ session, panels }: { session: RoomSession; panels: Panels }) {
  const permit = session.permit("participants.view");
  const tiles = session.tiles.value;
  const hands = session.hands.value;
  return (
    <Panel
      name="people"
      title="People"
      aside={permit.allowed ? session.participants.value.length : undefined}
      panels={panels}
    >
      {permit.allowed ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <section class="people" tabIndex={0} aria-label="Everyone in the room">
          {hands.length > 0 && <Hands session={session} />}
          {hands.length > 0 && <h3 class="people-heading">In the room</h3>}
          <ul class="people-list">
            {tiles.map((tile) => (
              <Person key={tile.participant.id} session={session} tile={tile} />
            ))}
          </ul>
        </section>
      ) : (
        <EmptyState icon={Users} title="The list is not shown">
          {permit.message}
        </EmptyState>
      )}
    </Panel>
  );
}

function Hands({ session }: { session: RoomSession }) {
  const you = session.you.value?.id;
  const manages = session.permit("hand.manage").allowed;
  return (
    <>
      <h3 class="people-heading">Raised hands</h3>
      <ol class="people-list">
        {session.hands.value.map((participant, at) => (
          <li key={participant.id} class="person">
            <span class="person-place numbers">{at + 1}</span>
            <Icon of={Hand} />
            <span class="person-name" dir="auto">
              {participant.name}
            </span>
            {(manages || participant.id === you) && (
              <Button
                size="small"
                kind="quiet"
                aria-label={`Lower for ${participant.name}`}
                onClick={() => tell(session.lowerHand(participant.id === you ? undefined : participant.id))}
              >
                Lower
              </Button>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

function Person({ session, tile }: { session: RoomSession; tile: Tile }) {
  const { participant, isYou } = tile;
  const entries = staffActions(session, tile);
  const label = `Actions for ${participant.name}`;
  return (
    <li class="person">
      <Avatar name={participant.name} size={36} />
      <span class="person-words">
        <span class="person-who">
          <span class="person-name" dir="auto">
            {participant.name}
          </span>
          {isYou && <span class="person-you">(You)</span>}
        </span>
        <span class="person-role">
          {roleName(participant.role)}
          {participant.state === "reconnecting" && ", reconnecting…"}
        </span>
      </span>
      {participant.role !== "observer" && <Inputs tile={tile} />}
      <span class="person-menu">
        {entries.length > 0 && (
          <Menu
            label={label}
            entries={entries}
            trigger={(trigger) => (
              <IconButton label={label} icon={Ellipsis} size="small" tooltipSide="left" {...trigger} />
            )}
          />
        )}
      </span>
    </li>
  );
}

function Inputs({ tile }: { tile: Tile }) {
  const heard = tile.microphone === "on";
  const seen = tile.camera !== null;
  return (
    <span class="person-inputs">
      {tile.participant.handRaisedAt !== undefined && (
        <span class="person-hand">
          <Icon of={Hand} size={16} />
          <VisuallyHidden>hand raised</VisuallyHidden>
        </span>
      )}
      <span class={heard ? "person-on" : "person-off"}>
        <Icon of={heard ? Mic : MicOff} size={16} />
        <VisuallyHidden>{heard ? "microphone on" : "muted"}</VisuallyHidden>
      </span>
      <span class={seen ? "person-on" : "person-quiet"}>
        <Icon of={seen ? Video : VideoOff} size={16} />
        <VisuallyHidden>{seen ? "camera on" : "camera off"}</VisuallyHidden>
      </span>
    </span>
  );
}

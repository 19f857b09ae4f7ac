import type { RoomSession } from "../../../session";
import { ParticipantTile } from "./ParticipantTile";

/** Before the session starts: yourself, and what is being waited for. */
export function Lobby({ session }: { session: RoomSession }) {
  const own = session.tiles.value.find((tile) => tile.isYou);
  const others = session.participants.value.length - 1;
  return (
    <div class="lobby">
      {own !== undefined && (
        <div class="lobby-self">
          <ParticipantTile session={session} tile={own} avatar={96} />
        </div>
      )}
      <h2 class="lobby-title">The session starts when the facilitator arrives.</h2>
      <p class="lobby-text">
        {others > 0
          ? `${others === 1 ? "One other person is" : `${others} others are`} waiting with you.`
          : "You are the first one here."}
      </p>
    </div>
  );
}

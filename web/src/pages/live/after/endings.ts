/** How a visit to a room can end, in words, and whether one may come back. */

import type { Problem } from "../../../protocol/messages.gen";
import type { ConnectionState } from "../../../session";

export interface Ending {
  kind: "left" | "ended" | "replaced" | "removed" | "refused" | "failed";
  title: string;
  text: string;
  /** What the button says that leads back in; null where there is no way back. */
  again: string | null;
}

export function endingOf(state: ConnectionState, problem: Problem | null): Ending {
  switch (state) {
    case "ended":
      return {
        kind: "ended",
        title: "The session has ended",
        text: "Thank you for taking part.",
        again: null,
      };
    case "replaced":
      return {
        kind: "replaced",
        title: "You joined from somewhere else",
        text: "You are in this session on another page or device. One at a time is possible.",
        again: "Join here instead",
      };
    case "removed":
      return {
        kind: "removed",
        title: "You were removed from the room",
        text: problem?.message || "Ask the facilitator if you think this was a mistake.",
        again: null,
      };
    case "refused":
      return {
        kind: "refused",
        title: "You cannot enter this room",
        text: problem?.message || "The server did not say why.",
        again: "Try again",
      };
    case "failed":
      return {
        kind: "failed",
        title: "The room cannot be reached",
        text: problem?.message || "Check your connection, then try again.",
        again: "Try again",
      };
    default:
      return {
        kind: "left",
        title: "You left",
        text: "Your camera and microphone are off.",
        again: "Rejoin",
      };
  }
}

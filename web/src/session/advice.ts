/** What to tell a person about the state of things. */

import type { PathView } from "../media/recovery";
import type { DirectMessage, Problem, RoomEvent } from "../protocol/messages.gen";
import type { ConnectionState, MediaConnection } from "./types";

const ADVICE: Record<PathView, string> = {
  new: "",
  connecting: "",
  connected: "",
  interrupted: "Your connection was interrupted. Sound and picture come back by themselves.",
  failed:
    "Sound and picture cannot get through. Your network may block video calls: try another network, such as a phone's, or switch off a VPN. Chat works meanwhile.",
};

export function mediaConnectionOf(view: PathView): MediaConnection {
  return { state: view, advice: ADVICE[view] };
}

/** What a refusal while connecting, or giving up, makes of the visit. */
export function finalState(code: string): ConnectionState {
  switch (code) {
    case "connection.failed":
      return "failed";
    case "room.ended":
      return "ended";
    case "room.removed":
      return "removed";
    default:
      return "refused";
  }
}

/** The end of the visit that this message means, if it does. */
export function endOf(
  message: RoomEvent | DirectMessage,
): { state: ConnectionState; problem: Problem } | null {
  switch (message.type) {
    case "room.ended":
      return { state: "ended", problem: { code: "room.ended", message: "This session has ended." } };
    case "replaced":
      return {
        state: "replaced",
        problem: {
          code: "replaced",
          message: "You joined from another window or device. This one has stopped.",
        },
      };
    case "removed":
      return {
        state: "removed",
        problem: { code: message.code, message: message.message || "You were removed from this session." },
      };
    default:
      return null;
  }
}

/** What stands between a person and the room. The server decides; here its answer becomes a page. */

import type { RoomCard } from "../../../protocol/api";

export type Arrival =
  | { kind: "ready" }
  | { kind: "sign-in" }
  | { kind: "register" }
  /** `opens`: when the room lets people in, in seconds since the epoch. */
  | { kind: "early"; opens: number }
  | { kind: "ended" }
  | { kind: "cancelled" }
  | { kind: "refused" };

export function arrivalOf(card: RoomCard): Arrival {
  if (card.you.join.allowed) return { kind: "ready" };
  switch (card.you.join.code) {
    case "auth.required":
      return { kind: "sign-in" };
    case "registration.required":
      return { kind: "register" };
    case "room.not_open":
      return { kind: "early", opens: Date.parse(card.opensAt) / 1000 };
    case "room.ended":
      return { kind: "ended" };
    case "session.cancelled":
      return { kind: "cancelled" };
    default:
      return { kind: "refused" };
  }
}

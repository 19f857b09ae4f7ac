/** The live room for the page: `createRoomSession` starts a visit, and `RoomSession` is what a page sees of it. */

import { createLocalMedia, type LocalMedia } from "../media/local";
import type { RoomSession } from "./types";
import { Visit } from "./visit";

export type * from "./types";

export interface RoomSessionOptions {
  /**
   * Fetches a fresh ticket over REST, once per connection attempt. When the server refuses, reject with something that
   * carries its `code` and a sentence as `message`; any other rejection counts as a network fault and is tried again.
   */
  fetchTicket(): Promise<string>;
  /** From the device check. The session owns it from now on and closes it on leaving. Without it both inputs are off. */
  local?: LocalMedia;
}

/** Starts connecting at once. Ends with `leave()`, or by itself in a final connection state. */
export function createRoomSession({
  fetchTicket,
  local = createLocalMedia(),
}: RoomSessionOptions): RoomSession {
  const visit = new Visit(fetchTicket, local);
  const { view, media, own } = visit;
  return {
    connection: visit.connection,
    restart: visit.restart,
    permit: (permission) => visit.permit(permission),
    room: view.room,
    you: view.you,
    participants: view.participants,
    tiles: view.tiles,
    screens: view.screens,
    hands: view.hands,
    reactions: visit.floats.list,
    chat: visit.chat,
    local,
    sharing: view.sharing,
    mediaConnection: view.mediaConnection,
    audioBlocked: media.playback.blocked,
    playAudio: () => media.playback.unblock(),
    toggleMicrophone: () => own.toggleMicrophone(),
    toggleCamera: () => own.toggleCamera(),
    startScreenShare: (content = "detail") => own.share(content),
    stopScreenShare: (id) => own.stopShare(id),
    raiseHand: () => visit.act("hand.raise", {}),
    lowerHand: (participantId) =>
      visit.act("hand.lower", participantId === undefined ? {} : { participantId }),
    react: (emoji) => visit.act("reaction.send", { emoji }),
    mute: (participantId, source) => visit.act("moderation.mute", { participantId, source }),
    leave: () => visit.leave(),
    endForAll: () => visit.act("room.end", {}),
    retry: () => visit.retry(),
    onEvent: (listener) => visit.onEvent(listener),
    onNotice: (listener) => visit.onNotice(listener),
    see: (producerId, place, view) => media.subscriptions.see(producerId, place, view),
    cover: (covered) => media.cover(covered),
    statistics: () => visit.conditions.statistics(),
  };
}

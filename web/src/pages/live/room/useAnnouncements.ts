import { useEffect } from "preact/hooks";
import type { Participant, RoomEvent } from "../../../protocol/messages.gen";
import type { RoomSession } from "../../../session";
import { toast } from "../../../ui";
import { sentenceFor } from "./announcements";

/** Says in passing what happens in the room and to you. Toasts are a live region, so screen readers hear them too. */
export function useAnnouncements(session: RoomSession): void {
  useEffect(() => {
    const names = new Map<string, Participant>();
    const remember = (people: readonly Participant[]) => {
      for (const person of people) names.set(person.id, person);
    };
    const stopRemembering = session.participants.subscribe(remember);
    const stopEvents = session.onEvent((event: RoomEvent) => {
      const you = session.you.value?.id ?? null;
      const sentence = sentenceFor(event, names, you, session.participants.value.length);
      if (sentence !== null) toast(sentence, { stays: 4000 });
    });
    const stopNotices = session.onNotice((notice) => toast(notice.message));
    return () => {
      stopRemembering();
      stopEvents();
      stopNotices();
    };
  }, [session]);
}

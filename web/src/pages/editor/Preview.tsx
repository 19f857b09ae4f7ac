import type { SessionCard } from "../../protocol/api";
import type { PlannedSession } from "../../protocol/planning";
import { Card } from "../home/Card";
import "../home/home.css";
import { useEditor } from "./context";
import { type Draft, shown } from "./model/draft";
import { SESSION, timeslotTarget } from "./model/targets";
import { momentOf, moments } from "./model/zoned";

/** The card as it will stand in the list, from what was typed. For the eye: the fields say the same. */
export function Preview() {
  const { session, autosave } = useEditor();
  return (
    <aside class="editor-preview" aria-label="How the card looks">
      <h2>How the card looks</h2>
      <ul inert>
        <Card card={cardOf(session.value, autosave.draft.value)} level={3} />
      </ul>
    </aside>
  );
}

function cardOf(session: PlannedSession, draft: Draft): SessionCard {
  const own = (field: string) => shown(draft, SESSION, field);
  const slot = session.timeslot;
  const at = (field: string) => shown(draft, timeslotTarget(slot.id), field);
  const zone = String(at("timezone") ?? slot.timezone);
  const local = String(at("startsLocal") ?? "");
  const both = moments(local, zone);
  const startsAt = (at("later") === true ? both[1] : undefined) ?? momentOf(local, zone) ?? slot.startsAt;
  const durationMin = Number(at("durationMin") ?? slot.durationMin);
  return {
    ...session,
    title: String(own("title") ?? "").trim() || "Untitled session",
    description: String(own("description") ?? ""),
    customType: (own("customType") as string | null) ?? null,
    timeslot: {
      ...slot,
      startsAt,
      endsAt: new Date(Date.parse(startsAt) + durationMin * 60_000).toISOString(),
      durationMin,
      timezone: zone,
      location: {
        kind: (at("locationKind") as typeof slot.location.kind | undefined) ?? slot.location.kind,
        address: String(at("address") ?? ""),
      },
    },
  };
}

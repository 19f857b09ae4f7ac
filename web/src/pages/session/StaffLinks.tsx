import { Activity } from "lucide-preact";
import type { SessionDetail } from "../../protocol/api";
import { LinkButton } from "../../ui";
import { viewer } from "../viewer";

/** What those who run the session can look at while it is live. */
export function StaffLinks({ session }: { session: SessionDetail }) {
  const who = viewer.value;
  const may = session.may["analytics.view"]?.allowed || (who.state === "in" && who.me.staff);
  if (!may || session.timeslot.phase !== "live") return null;
  return (
    <LinkButton kind="quiet" size="small" icon={Activity} href={`/live/${session.timeslot.slug}/connections`}>
      Connections of everybody in the room
    </LinkButton>
  );
}

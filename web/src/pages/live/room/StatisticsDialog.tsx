import { Check, Copy } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import type { MediaStatistics } from "../../../media/statistics";
import type { RoomSession } from "../../../session";
import { Button, classes, Dialog, Spinner, toast } from "../../../ui";
import { type Entry, sectionsOf, textOf } from "./statisticsWords";
import "./statistics.css";

const EVERY = 2_000;
/** Characters that fit one column. */
const SHORT = 14;

interface StatisticsDialogProps {
  session: RoomSession;
  onClose(): void;
}

/** What the connection carries, for whoever looks into trouble: read anew every two seconds, and to be copied as text. */
export function StatisticsDialog({ session, onClose }: StatisticsDialogProps) {
  const statistics = useStatistics(session);
  return (
    <Dialog
      title="Connection statistics"
      size="wide"
      onClose={onClose}
      actions={statistics?.streams.length ? <CopyButton statistics={statistics} /> : undefined}
    >
      <Numbers statistics={statistics} />
    </Dialog>
  );
}

function Numbers({ statistics }: { statistics: MediaStatistics | null | undefined }) {
  if (statistics === undefined) {
    return (
      <p class="statistics-none" role="status">
        <Spinner size={16} /> Measuring…
      </p>
    );
  }
  const sections = statistics === null ? [] : sectionsOf(statistics);
  if (sections.length === 0) {
    return <p class="statistics-none">No sound or picture is on its way, so there is nothing to measure.</p>;
  }
  return (
    <>
      {sections.map(({ title, entries }) => (
        <section key={title} class="statistics-section">
          <h3 class="statistics-title">{title}</h3>
          {entries.map((entry) => (
            <Stream key={entry.key} entry={entry} />
          ))}
        </section>
      ))}
    </>
  );
}

function Stream({ entry: { title, facts } }: { entry: Entry }) {
  return (
    <div class="statistics-entry">
      <h4 class="statistics-name" dir="auto">
        {title}
      </h4>
      <dl class="statistics-facts numbers">
        {facts.map(([label, value]) => (
          <div key={label} class={classes("statistics-fact", value.length > SHORT && "statistics-fact-long")}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function CopyButton({ statistics }: { statistics: MediaStatistics }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(textOf(statistics, new Date(), navigator.userAgent));
      setCopied(true);
    } catch {
      toast("Your browser does not let this page copy. Select the text instead.");
    }
  };
  return (
    <Button icon={copied ? Check : Copy} onClick={() => void copy()}>
      {copied ? "Copied" : "Copy as text"}
    </Button>
  );
}

/** Undefined until there are two readings, from which rates can be told; null while there is no media. */
function useStatistics(session: RoomSession): MediaStatistics | null | undefined {
  const [statistics, setStatistics] = useState<MediaStatistics | null | undefined>(undefined);
  useEffect(() => {
    let shown = true;
    const read = async () => {
      const news = await session.statistics();
      if (shown && (news === null || news.streams.every(({ over }) => over > 0))) setStatistics(news);
    };
    void read();
    const soon = setTimeout(() => void read(), 500);
    const timer = setInterval(() => void read(), EVERY);
    return () => {
      shown = false;
      clearTimeout(soon);
      clearInterval(timer);
    };
  }, [session]);
  return statistics;
}

import { Check, Copy } from "lucide-preact";
import { useState } from "preact/hooks";
import { api, sentenceOf } from "../../protocol/api";
import { Button, Dialog, ErrorState, Skeleton, shortDateTime, toast } from "../../ui";
import { useResource } from "../useResource";
import { reader } from "../viewer";

/** The secret address from which a calendar program reads one's sessions. */
export function CalendarSection() {
  const { resource, reload } = useResource("calendar", (signal) => api.calendarFeed(signal));
  const [url, setUrl] = useState<string | null>(null);
  const [asking, setAsking] = useState<"renew" | "remove" | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      toast(sentenceOf(error));
    }
    setBusy(false);
    setAsking(null);
    reload();
  };
  const make = () => run(async () => setUrl((await api.newCalendarFeed()).url));
  const remove = () =>
    run(async () => {
      await api.deleteCalendarFeed();
      setUrl(null);
      toast("The address is removed.");
    });
  const feed = resource.data;
  return (
    <section class="account-section">
      <h2>Your calendar</h2>
      <p class="account-note">
        Subscribe to an address of your own, and your sessions appear in your calendar and follow every
        change. Whoever knows the address can read it.
      </p>
      {feed === null && resource.state === "failed" && (
        <ErrorState title="This did not load" message={sentenceOf(resource.error)} onRetry={reload} />
      )}
      {resource.state === "loading" && <Skeleton height="44px" />}
      {url && <Address url={url} />}
      {feed && !feed.active && (
        <Button busy={busy} onClick={() => void make()}>
          Create an address
        </Button>
      )}
      {feed?.active && (
        <>
          {!url && feed.createdAt && (
            <p class="account-note">
              You have an address since {shortDateTime(feed.createdAt, reader())}. It was shown once; if you
              lost it, make a new one.
            </p>
          )}
          <div class="account-buttons">
            <Button onClick={() => setAsking("renew")}>Make a new address</Button>
            <Button kind="quiet" onClick={() => setAsking("remove")}>
              Remove it
            </Button>
          </div>
        </>
      )}
      {asking && (
        <Dialog
          alert
          title={asking === "renew" ? "Make a new address?" : "Remove the address?"}
          onClose={() => setAsking(null)}
          actions={
            <>
              <Button onClick={() => setAsking(null)}>Keep it</Button>
              <Button kind="danger" busy={busy} onClick={() => void (asking === "renew" ? make() : remove())}>
                {asking === "renew" ? "Make a new one" : "Remove"}
              </Button>
            </>
          }
        >
          <p>Calendars that use the address you have now get nothing more.</p>
        </Dialog>
      )}
    </section>
  );
}

function Address({ url }: { url: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url);
      setCopied(true);
    } catch {
      toast("The browser did not allow copying. Select the address and copy it yourself.");
    }
  };
  return (
    <div class="account-address" role="status">
      <p class="account-note">Copy it now: it is shown this once.</p>
      <output class="token-secret">{url}</output>
      <Button icon={copied ? Check : Copy} onClick={() => void copy()}>
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}

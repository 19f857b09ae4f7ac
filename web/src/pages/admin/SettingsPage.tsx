import { Lock } from "lucide-preact";
import { useState } from "preact/hooks";
import { ApiError, sentenceOf } from "../../protocol/api";
import { planning, type Site } from "../../protocol/planning";
import {
  Banner,
  Button,
  CheckField,
  EmptyState,
  ErrorState,
  LinkButton,
  Skeleton,
  signInAddress,
  TextArea,
  TextField,
  toast,
} from "../../ui";
import { Page } from "../shell/Page";
import { useResource } from "../useResource";
import { loadViewer, viewer } from "../viewer";
import "./admin.css";

/** What an administrator sets for the whole site (M28, M30, M31). */
export function SettingsPage() {
  const who = viewer.value;
  const { resource, reload } = useResource("site", (signal) => planning.site(signal));
  return (
    <Page title="Site settings" width="reading">
      {who.state === "out" && (
        <EmptyState
          level={1}
          icon={Lock}
          title="Sign in to change the site's settings"
          action={
            <LinkButton kind="primary" href={signInAddress("/admin/settings")}>
              Sign in
            </LinkButton>
          }
        />
      )}
      {who.state === "in" && !who.me.staff && (
        <EmptyState
          level={1}
          icon={Lock}
          title="Site settings are for administrators"
          action={<LinkButton href="/">See all sessions</LinkButton>}
        />
      )}
      {who.state === "in" && who.me.staff && (
        <>
          <h1>Site settings</h1>
          {resource.data && <Form site={resource.data} />}
          {resource.state === "loading" && <Skeleton height="420px" />}
          {resource.state === "failed" && !resource.data && (
            <ErrorState
              title="The settings did not load"
              message={sentenceOf(resource.error)}
              onRetry={reload}
            />
          )}
        </>
      )}
    </Page>
  );
}

function Form({ site }: { site: Site }) {
  const [saved, setSaved] = useState(site);
  const [values, setValues] = useState(site);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const set = <Key extends keyof Site>(key: Key, value: Site[Key]) => {
    setValues((last) => ({ ...last, [key]: value }));
    setErrors(({ [key]: _gone, ...rest }) => rest);
  };
  const save = async () => {
    setBusy(true);
    setErrors({});
    setFailure(null);
    try {
      const changed = await planning.changeSite(changesOf(saved, values));
      setSaved(changed);
      setValues(changed);
      void loadViewer();
      toast("Saved.");
    } catch (error) {
      const fields = error instanceof ApiError ? error.fields : {};
      setErrors(fields);
      setFailure(Object.keys(fields).length > 0 ? null : sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="settings"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void save();
      }}
    >
      {failure && (
        <Banner tone="danger" live>
          {failure}
        </Banner>
      )}
      <section class="settings-section">
        <h2>The site</h2>
        <TextField
          label="Name"
          maxLength={80}
          autoComplete="off"
          value={values.name}
          onInput={(name) => set("name", name)}
          error={errors["name"]}
        />
        <TextField
          label="Tagline"
          maxLength={500}
          autoComplete="off"
          value={values.tagline}
          onInput={(tagline) => set("tagline", tagline)}
          error={errors["tagline"]}
        />
        <TextField
          label="Contact email"
          hint="People who need help find it in their mails."
          type="email"
          autoComplete="off"
          value={values.contactEmail ?? ""}
          onInput={(email) => set("contactEmail", email)}
          error={errors["contactEmail"]}
        />
        <TextArea
          label="Address"
          hint="It stands under every mail."
          maxLength={1000}
          value={values.address}
          onInput={(address) => set("address", address)}
          error={errors["address"]}
        />
      </section>
      <section class="settings-section">
        <h2>Who may do what</h2>
        <CheckField
          label="Members may create sessions"
          hint="Otherwise administrators only."
          checked={values.membersCreateSessions}
          onChange={(on) => set("membersCreateSessions", on)}
        />
        <CheckField
          label="Hosting is for premium members"
          checked={values.premiumHost}
          onChange={(on) => set("premiumHost", on)}
        />
        <CheckField
          label="Presenting and interviewing are for premium members"
          hint="Guests never need it, and administrators always have it."
          checked={values.premiumPresent}
          onChange={(on) => set("premiumPresent", on)}
        />
        <TextField
          label="What premium is called here"
          maxLength={80}
          autoComplete="off"
          value={values.premiumLabel}
          onInput={(label) => set("premiumLabel", label)}
          error={errors["premiumLabel"]}
        />
      </section>
      <div>
        <Button type="submit" kind="primary" busy={busy}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** What differs; an emptied text goes back to its default. */
function changesOf(before: Site, after: Site): Partial<Record<keyof Site, unknown>> & Partial<Site> {
  const names = Object.keys(after) as (keyof Site)[];
  return Object.fromEntries(
    names
      .filter((name) => after[name] !== before[name])
      .map((name) => [name, after[name] === "" ? null : after[name]]),
  );
}

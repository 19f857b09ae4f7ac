import { api, type Me } from "../../protocol/api";
import { Banner, Button, Select, TextField, thisReader, toast, zonePlace } from "../../ui";
import { useForm } from "../useForm";
import { signedIn } from "../viewer";

const DEVICE = "";

export function ProfileForm({ me }: { me: Me }) {
  const form = useForm(
    { name: me.name, timezone: me.timezone ?? DEVICE },
    {
      check: ({ name }) => (name.trim() === "" ? { name: "Enter the name that others will see." } : {}),
      send: async ({ name, timezone }) => {
        signedIn(await api.updateMe({ name: name.trim(), timezone: timezone === DEVICE ? null : timezone }));
        toast("Saved.");
      },
    },
  );
  return (
    <section class="account-section">
      <h2>Profile</h2>
      <form class="account-form" ref={form.element} onSubmit={form.onSubmit} noValidate>
        {form.failure && (
          <Banner tone="danger" live>
            {form.failure}
          </Banner>
        )}
        <TextField
          label="Name"
          name="name"
          autoComplete="name"
          required
          maxLength={100}
          hint="Others see it in the room."
          value={form.values.name}
          onInput={(value) => form.set("name", value)}
          error={form.error("name")}
        />
        <Select
          label="Time zone"
          hint="Times on these pages are shown in it."
          value={form.values.timezone}
          onChange={(value) => form.set("timezone", value)}
          options={zoneOptions(form.values.timezone)}
          error={form.error("timezone")}
        />
        <div>
          <Button type="submit" kind="primary" busy={form.busy}>
            Save
          </Button>
        </div>
      </form>
    </section>
  );
}

/** The device's own zone first, then every zone the browser knows, and the chosen one if it is none of them. */
function zoneOptions(chosen: string): { value: string; label: string }[] {
  const zones = new Set(Intl.supportedValuesOf("timeZone"));
  zones.add("UTC");
  if (chosen) zones.add(chosen);
  const device = thisReader().timeZone;
  return [
    { value: DEVICE, label: `That of this device (${zonePlace(device)})` },
    ...[...zones].sort().map((zone) => ({ value: zone, label: zone.replaceAll("_", " ") })),
  ];
}

import { Check, Copy } from "lucide-preact";
import { useState } from "preact/hooks";
import { type ApiToken, api, type NewApiToken, sentenceOf } from "../../protocol/api";
import { Banner, Button, Dialog, ErrorState, Skeleton, shortDateTime, TextField, toast } from "../../ui";
import { useForm } from "../useForm";
import { useResource } from "../useResource";
import { reader } from "../viewer";

export function Tokens() {
  const { resource, reload } = useResource("tokens", (signal) => api.tokens(signal));
  const [fresh, setFresh] = useState<NewApiToken | null>(null);
  const [revoking, setRevoking] = useState<ApiToken | null>(null);
  return (
    <section class="account-section">
      <h2>API tokens</h2>
      <p class="account-note">
        A script that sends a token may do what you may do. Give each script its own.
      </p>
      {resource.data === null && resource.state === "failed" && (
        <ErrorState title="Your tokens did not load" message={sentenceOf(resource.error)} onRetry={reload} />
      )}
      {resource.state === "loading" && <Skeleton height="56px" />}
      {resource.data && resource.data.items.length > 0 && (
        <ul class="tokens">
          {resource.data.items.map((token) => (
            <TokenRow key={token.id} token={token} onRevoke={() => setRevoking(token)} />
          ))}
        </ul>
      )}
      <NewToken
        onCreated={(token) => {
          setFresh(token);
          reload();
        }}
      />
      {fresh && <ShowOnce token={fresh} onClose={() => setFresh(null)} />}
      {revoking && <Revoke token={revoking} onClose={() => setRevoking(null)} onRevoked={reload} />}
    </section>
  );
}

function TokenRow({ token, onRevoke }: { token: ApiToken; onRevoke: () => void }) {
  const used = token.lastUsedAt ? `last used ${shortDateTime(token.lastUsedAt, reader())}` : "never used";
  return (
    <li class="token">
      <div class="token-words">
        <bdi class="token-name">{token.name}</bdi>
        <span class="token-dates numbers">
          Created {shortDateTime(token.createdAt, reader())}, {used}
        </span>
      </div>
      <Button size="small" aria-label={`Revoke ${token.name}`} onClick={onRevoke}>
        Revoke
      </Button>
    </li>
  );
}

function NewToken({ onCreated }: { onCreated: (token: NewApiToken) => void }) {
  const form = useForm(
    { name: "" },
    {
      check: ({ name }) => (name.trim() === "" ? { name: "Give it a name, so that you know it again." } : {}),
      send: async ({ name }) => {
        onCreated(await api.createToken(name.trim()));
        form.set("name", "");
      },
    },
  );
  return (
    <form class="token-new" ref={form.element} onSubmit={form.onSubmit} noValidate>
      {form.failure && (
        <Banner tone="danger" live class="token-failure">
          {form.failure}
        </Banner>
      )}
      <TextField
        label="What is it for?"
        class="token-field"
        maxLength={100}
        autoComplete="off"
        placeholder="Attendance report"
        value={form.values.name}
        onInput={(value) => form.set("name", value)}
        error={form.error("name")}
      />
      <Button type="submit" busy={form.busy}>
        Create token
      </Button>
    </form>
  );
}

function ShowOnce({ token, onClose }: { token: NewApiToken; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(token.token);
      setCopied(true);
    } catch {
      toast("The browser did not allow copying. Select the token and copy it yourself.");
    }
  };
  return (
    <Dialog
      title="Your new token"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Done</Button>
          <Button kind="primary" icon={copied ? Check : Copy} onClick={() => void copy()}>
            {copied ? "Copied" : "Copy"}
          </Button>
        </>
      }
    >
      <p>Copy it now: it is shown this once.</p>
      <output class="token-secret">{token.token}</output>
    </Dialog>
  );
}

interface RevokeProps {
  token: ApiToken;
  onClose: () => void;
  onRevoked: () => void;
}

function Revoke({ token, onClose, onRevoked }: RevokeProps) {
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await api.revokeToken(token.id);
      toast("The token is revoked.");
    } catch (error) {
      toast(sentenceOf(error));
    }
    onClose();
    onRevoked();
  };
  return (
    <Dialog
      alert
      title="Revoke this token?"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" busy={busy} onClick={() => void go()}>
            Revoke
          </Button>
        </>
      }
    >
      <p>
        Scripts that use “<bdi>{token.name}</bdi>” are refused from now on. This cannot be undone.
      </p>
    </Dialog>
  );
}

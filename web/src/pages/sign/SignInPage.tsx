import { useEffect } from "preact/hooks";
import { api } from "../../protocol/api";
import { Banner, Button, here, navigate, safeNext, signInAddress, TextField } from "../../ui";
import { Page } from "../shell/Page";
import { useForm } from "../useForm";
import { signedIn, viewer } from "../viewer";
import { checkSignIn } from "./checks";
import { DemoAccounts } from "./DemoAccounts";
import "./sign.css";

export function SignInPage() {
  const next = useNext();
  const form = useForm(
    { email: "", password: "" },
    {
      check: checkSignIn,
      send: async ({ email, password }) => signedIn(await api.signIn({ email: email.trim(), password })),
    },
  );
  const fill = (email: string, password: string) => {
    form.set("email", email);
    form.set("password", password);
  };
  return (
    <Page title="Sign in" width="form">
      <h1>Sign in</h1>
      {next !== "/" && <p class="sign-reason">You come back to where you were.</p>}
      <form class="sign-form" ref={form.element} onSubmit={form.onSubmit} noValidate>
        {form.failure && (
          <Banner tone="danger" live>
            {form.failure}
          </Banner>
        )}
        <TextField
          label="Email"
          type="email"
          name="email"
          autoComplete="username"
          inputMode="email"
          autoCapitalize="none"
          spellcheck={false}
          required
          maxLength={254}
          value={form.values.email}
          onInput={(value) => form.set("email", value)}
          error={form.error("email")}
        />
        <TextField
          label="Password"
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={form.values.password}
          onInput={(value) => form.set("password", value)}
          error={form.error("password")}
        />
        <Button type="submit" kind="primary" wide busy={form.busy}>
          Sign in
        </Button>
      </form>
      <p class="sign-other">
        No account yet? <a href={signInAddress(next, "/sign-up")}>Create one</a>
      </p>
      <DemoAccounts onPick={fill} />
    </Page>
  );
}

/** Where to go once signed in; goes there as soon as that is so. */
export function useNext(): string {
  const next = safeNext(here.value.query.get("next"), location.origin);
  const inside = viewer.value.state === "in";
  useEffect(() => {
    if (inside) navigate(next, { replace: true });
  }, [inside]);
  return next;
}

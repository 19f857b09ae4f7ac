import { api } from "../../protocol/api";
import { Banner, Button, signInAddress, TextField } from "../../ui";
import { Page } from "../shell/Page";
import { useForm } from "../useForm";
import { signedIn } from "../viewer";
import { checkSignUp, SHORTEST_PASSWORD } from "./checks";
import { useNext } from "./SignInPage";
import "./sign.css";

export function SignUpPage() {
  const next = useNext();
  const form = useForm(
    { name: "", email: "", password: "" },
    {
      check: checkSignUp,
      send: async ({ name, email, password }) =>
        signedIn(await api.signUp({ name: name.trim(), email: email.trim(), password })),
    },
  );
  return (
    <Page title="Create an account" width="form">
      <h1>Create an account</h1>
      <form class="sign-form" ref={form.element} onSubmit={form.onSubmit} noValidate>
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
          autoComplete="new-password"
          required
          hint={`At least ${SHORTEST_PASSWORD} characters. A few words in a row are easy to keep.`}
          value={form.values.password}
          onInput={(value) => form.set("password", value)}
          error={form.error("password")}
        />
        <Button type="submit" kind="primary" wide busy={form.busy}>
          Create account
        </Button>
      </form>
      <p class="sign-other">
        Already have an account? <a href={signInAddress(next)}>Sign in</a>
      </p>
    </Page>
  );
}

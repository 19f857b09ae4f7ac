/** What can be said about the sign-in and sign-up forms before asking the server. Field → sentence; empty when fine. */

export interface SignInForm {
  email: string;
  password: string;
}

export interface SignUpForm extends SignInForm {
  name: string;
}

export type Errors<Form> = Partial<Record<keyof Form, string>>;

export const SHORTEST_PASSWORD = 10;

export function checkSignIn(form: SignInForm): Errors<SignInForm> {
  const errors: Errors<SignInForm> = {};
  const email = emailError(form.email);
  if (email) errors.email = email;
  if (form.password === "") errors.password = "Enter your password.";
  return errors;
}

export function checkSignUp(form: SignUpForm): Errors<SignUpForm> {
  const errors: Errors<SignUpForm> = {};
  if (form.name.trim() === "") errors.name = "Enter the name that others will see.";
  const email = emailError(form.email);
  if (email) errors.email = email;
  if (form.password.length < SHORTEST_PASSWORD)
    errors.password = `Use at least ${SHORTEST_PASSWORD} characters.`;
  return errors;
}

function emailError(email: string): string | null {
  if (email.trim() === "") return "Enter your email address.";
  // Only what can be no address at all; the server decides the rest.
  return /^[^\s@]+@[^\s@]+$/.test(email.trim()) ? null : "This does not look like an email address.";
}

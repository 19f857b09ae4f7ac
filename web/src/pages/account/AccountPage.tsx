import { KeyRound, LogOut } from "lucide-preact";
import { Button, EmptyState, ErrorState, LinkButton, Skeleton, signInAddress } from "../../ui";
import { leave } from "../shell/Header";
import { Page } from "../shell/Page";
import { loadViewer, viewer } from "../viewer";
import { CalendarSection } from "./CalendarSection";
import { ProfileForm } from "./ProfileForm";
import { Tokens } from "./Tokens";
import "./account.css";

export function AccountPage() {
  const now = viewer.value;
  if (now.state === "loading") {
    return (
      <Page title="Account" width="reading">
        <div class="account-waiting" aria-busy="true">
          <Skeleton width="160px" height="40px" />
          <Skeleton height="200px" />
        </div>
      </Page>
    );
  }
  if (now.state === "failed") {
    return (
      <Page title="Account" width="reading">
        <ErrorState
          level={1}
          title="Your account did not load"
          message={now.message}
          onRetry={() => void loadViewer()}
        />
      </Page>
    );
  }
  if (now.state === "out") {
    return (
      <Page title="Account" width="reading">
        <EmptyState
          level={1}
          icon={KeyRound}
          title="Sign in to see your account"
          action={
            <LinkButton kind="primary" href={signInAddress("/account")}>
              Sign in
            </LinkButton>
          }
        >
          You come back here.
        </EmptyState>
      </Page>
    );
  }
  return (
    <Page title="Account" width="reading">
      <h1>Account</h1>
      <ProfileForm me={now.me} />
      <CalendarSection />
      <Tokens />
      <section class="account-section">
        <h2>Sign out</h2>
        <p class="account-note">
          You are signed in as <bdi>{now.me.email}</bdi>.
        </p>
        <Button icon={LogOut} onClick={() => void leave()}>
          Sign out
        </Button>
      </section>
    </Page>
  );
}

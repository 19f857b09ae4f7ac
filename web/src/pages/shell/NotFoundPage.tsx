import { Compass } from "lucide-preact";
import { EmptyState, LinkButton } from "../../ui";
import { Page } from "./Page";

export function NotFoundPage() {
  return (
    <Page title="Page not found" width="reading">
      <EmptyState
        level={1}
        icon={Compass}
        title="There is no page at this address"
        action={<LinkButton href="/">See all sessions</LinkButton>}
      >
        The link may be old, or a letter may be missing.
      </EmptyState>
    </Page>
  );
}

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { arrivals, here, match, Toasts } from "../../ui";
import { AccountPage } from "../account/AccountPage";
import { SettingsPage } from "../admin/SettingsPage";
import { HomePage } from "../home/HomePage";
import { InvitationPage } from "../invitation/InvitationPage";
import { MyPage } from "../mine/MyPage";
import { SessionPage } from "../session/SessionPage";
import { SignInPage } from "../sign/SignInPage";
import { SignUpPage } from "../sign/SignUpPage";
import { Later } from "./Later";
import { NotFoundPage } from "./NotFoundPage";

type Draw = (parts: Record<string, string>) => JSX.Element;

const live = () => import("../live");
const connections = () => import("../connections");
const editor = () => import("../editor");

/** Every address there is. The room and the editor come in pieces of their own: most visits never need them. */
const ROUTES: [pattern: string, draw: Draw][] = [
  ["/", () => <HomePage />],
  ["/sign-in", () => <SignInPage />],
  ["/sign-up", () => <SignUpPage />],
  [
    "/sessions/new",
    () => <Later key="new" load={editor} draw={({ NewSessionPage }) => <NewSessionPage />} />,
  ],
  ["/my-sessions", () => <MyPage />],
  ["/invitation", () => <InvitationPage />],
  ["/sessions/:id", ({ id = "" }) => <SessionPage key={id} id={id} />],
  [
    "/sessions/:id/edit",
    ({ id = "" }) => <Later key={id} load={editor} draw={({ EditorPage }) => <EditorPage id={id} />} />,
  ],
  [
    "/live/:slug",
    ({ slug = "" }) => <Later key={slug} load={live} draw={({ LivePage }) => <LivePage slug={slug} />} />,
  ],
  [
    "/live/:slug/connections",
    ({ slug = "" }) => (
      <Later key={slug} load={connections} draw={({ ConnectionsPage }) => <ConnectionsPage slug={slug} />} />
    ),
  ],
  ["/account", () => <AccountPage />],
  ["/admin/settings", () => <SettingsPage />],
];

export function App() {
  useFocusOnArrival();
  return (
    <>
      {page(here.value.path)}
      <Toasts />
    </>
  );
}

function page(path: string): JSX.Element {
  for (const [pattern, draw] of ROUTES) {
    const parts = match(pattern, path);
    if (parts) return draw(parts);
  }
  return <NotFoundPage />;
}

/** After a link was followed, reading starts at the new page's content, as it would after a page load. */
function useFocusOnArrival(): void {
  const count = arrivals.value;
  useEffect(() => {
    if (count === 0) return;
    const main = document.getElementById("main");
    const first = main?.querySelector<HTMLElement>("[autofocus]") ?? main;
    first?.focus({ preventScroll: true });
  }, [count]);
}

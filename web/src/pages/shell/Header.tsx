import { CalendarPlus, LogIn, LogOut, Monitor, Moon, Settings, Sun, UserRound } from "lucide-preact";
import { sentenceOf } from "../../protocol/api";
import {
  Avatar,
  Button,
  here,
  IconButton,
  LinkButton,
  Logo,
  Menu,
  type MenuEntry,
  type MenuTrigger,
  navigate,
  Skeleton,
  signInAddress,
  type ThemeChoice,
  theme,
  toast,
  VisuallyHidden,
} from "../../ui";
import { loadViewer, signOut, type Viewer, viewer } from "../viewer";
import "./Header.css";

export function Header() {
  const now = viewer.value;
  return (
    <header class="header">
      <div class="header-row">
        <a class="header-home" href="/">
          <Logo />
          <span>Convene</span>
        </a>
        {now.state === "in" && (
          <nav class="header-nav" aria-label="Pages">
            <a href="/my-sessions" aria-current={here.value.path === "/my-sessions" ? "page" : undefined}>
              My sessions
            </a>
          </nav>
        )}
        <div class="header-end">
          <Who now={now} />
        </div>
      </div>
    </header>
  );
}

function Who({ now }: { now: Viewer }) {
  if (now.state === "loading") return <Skeleton width="36px" height="36px" class="header-waiting" />;
  if (now.state === "failed")
    return (
      <Button size="small" onClick={() => void loadViewer()}>
        Reconnect
      </Button>
    );
  if (now.state === "out") {
    const { path } = here.value;
    const back = path === "/sign-in" || path === "/sign-up" ? "/" : path;
    return (
      <>
        <Menu label="Appearance" entries={themeEntries()} trigger={ThemeButton} />
        {path !== "/sign-in" && (
          <LinkButton size="small" href={signInAddress(back)} icon={LogIn}>
            Sign in
          </LinkButton>
        )}
      </>
    );
  }
  const { me } = now;
  const entries: MenuEntry[] = [
    { heading: me.email },
    { label: "Account", icon: UserRound, onSelect: () => navigate("/account") },
    ...(me.mayCreateSessions
      ? [{ label: "New session", icon: CalendarPlus, onSelect: () => navigate("/sessions/new") }]
      : []),
    ...(me.staff
      ? [{ label: "Site settings", icon: Settings, onSelect: () => navigate("/admin/settings") }]
      : []),
    "separator",
    { heading: "Appearance" },
    ...themeEntries(),
    "separator",
    { label: "Sign out", icon: LogOut, onSelect: () => void leave() },
  ];
  return (
    <Menu
      label="Account"
      entries={entries}
      trigger={(props) => (
        <button
          type="button"
          class="header-account"
          ref={props.elementRef}
          onClick={props.onClick}
          onKeyDown={props.onKeyDown}
          aria-haspopup={props["aria-haspopup"]}
          aria-expanded={props["aria-expanded"]}
        >
          <VisuallyHidden>Account: </VisuallyHidden>
          <span class="header-name">
            <bdi>{me.name}</bdi>
          </span>
          <Avatar name={me.name} size={36} />
        </button>
      )}
    />
  );
}

function ThemeButton(props: MenuTrigger) {
  return (
    <IconButton
      label="Appearance"
      icon={theme.value === "dark" ? Moon : Sun}
      tooltipSide="bottom"
      {...props}
    />
  );
}

const THEMES: [ThemeChoice, string, typeof Sun][] = [
  ["system", "As the system", Monitor],
  ["light", "Light", Sun],
  ["dark", "Dark", Moon],
];

function themeEntries(): MenuEntry[] {
  return THEMES.map(([choice, label, icon]) => ({
    label,
    icon,
    checked: theme.value === choice,
    onSelect: () => {
      theme.value = choice;
    },
  }));
}

export async function leave(): Promise<void> {
  try {
    await signOut();
    navigate("/");
    toast("You're signed out.");
  } catch (error) {
    toast(sentenceOf(error));
  }
}

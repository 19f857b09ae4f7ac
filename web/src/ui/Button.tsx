import type {
  AnchorHTMLAttributes,
  ButtonHTMLAttributes,
  ComponentChildren,
  Ref,
  TargetedMouseEvent,
} from "preact";
import { classes } from "./classes";
import { Icon, type LucideIcon } from "./Icon";
import { Spinner } from "./Spinner";
import { Tooltip } from "./Tooltip";
import "./Button.css";

export type ButtonKind = "primary" | "secondary" | "quiet" | "danger";
type Press = (event: TargetedMouseEvent<HTMLButtonElement>) => void;

interface CommonProps
  extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "size" | "icon" | "disabled" | "label" | "onClick"> {
  onClick?: Press | undefined;
  /** Why it cannot be used now. The button stays reachable and says so on hover, focus and press. */
  disabledReason?: string | null | undefined;
  /** Its work is under way: it keeps its width and takes no second press. */
  busy?: boolean | undefined;
  elementRef?: Ref<HTMLButtonElement> | undefined;
}

export interface ButtonProps extends CommonProps {
  kind?: ButtonKind;
  size?: "small" | "normal" | "large";
  icon?: LucideIcon | undefined;
  /** As wide as its container. */
  wide?: boolean;
  children: ComponentChildren;
}

/** A button with words on it. One `primary` on a page. */
export function Button(props: ButtonProps) {
  const {
    kind = "secondary",
    size = "normal",
    icon,
    wide = false,
    children,
    class: extra,
    ...common
  } = props;
  const name = classes(
    "ui-button",
    `ui-button-${kind}`,
    `ui-button-${size}`,
    wide && "ui-button-wide",
    extra as string,
  );
  return (
    <Pressable {...common} class={name}>
      {icon && <Icon of={icon} size={size === "small" ? 16 : 20} />}
      <span class="ui-button-words">{children}</span>
    </Pressable>
  );
}

export interface LinkButtonProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "size" | "icon"> {
  href: string;
  kind?: ButtonKind;
  size?: "small" | "normal" | "large";
  icon?: LucideIcon | undefined;
  wide?: boolean;
  children: ComponentChildren;
}

/** A link that looks like a button, for what leads to another page. */
export function LinkButton(props: LinkButtonProps) {
  const { kind = "secondary", size = "normal", icon, wide = false, children, class: extra, ...rest } = props;
  const name = classes(
    "ui-button",
    `ui-button-${kind}`,
    `ui-button-${size}`,
    wide && "ui-button-wide",
    extra as string,
  );
  return (
    <a {...rest} class={name}>
      {icon && <Icon of={icon} size={size === "small" ? 16 : 20} />}
      <span class="ui-button-words">{children}</span>
    </a>
  );
}

export interface IconButtonProps extends CommonProps {
  /** Its accessible name, and its tooltip. */
  label: string;
  icon: LucideIcon;
  kind?: ButtonKind;
  size?: "small" | "normal" | "large";
  /** For a button that opens or keeps something on; leave it out where the label itself changes. */
  pressed?: boolean | undefined;
  /** A key that does the same, shown in the tooltip. */
  shortcut?: string | undefined;
  tooltipSide?: "top" | "bottom" | "left" | "right";
  /** What stands on its corner (a number of unread messages). */
  children?: ComponentChildren;
}

/** A button with only an icon on it: named, and with its name as tooltip. */
export function IconButton(props: IconButtonProps) {
  const {
    label,
    icon,
    kind = "quiet",
    size = "normal",
    pressed,
    shortcut,
    tooltipSide,
    children,
    class: extra,
    ...common
  } = props;
  const name = classes("ui-button ui-icon-button", `ui-button-${kind}`, `ui-button-${size}`, extra as string);
  const button = (
    <Pressable {...common} class={name} aria-label={label} aria-pressed={pressed} tooltipSide={tooltipSide}>
      <Icon of={icon} size={size === "small" ? 16 : 20} />
      {children}
    </Pressable>
  );
  if (common.disabledReason) return button;
  return (
    <Tooltip text={shortcut ? `${label} (${shortcut})` : label} side={tooltipSide ?? "top"}>
      {button}
    </Tooltip>
  );
}

interface PressableProps extends CommonProps {
  tooltipSide?: "top" | "bottom" | "left" | "right" | undefined;
  children?: ComponentChildren;
}

function Pressable(props: PressableProps) {
  const {
    disabledReason,
    busy = false,
    elementRef,
    tooltipSide,
    onClick,
    children,
    type = "button",
    ...rest
  } = props;
  const refused = Boolean(disabledReason);
  const press: Press = (event) => {
    if (refused || busy) {
      event.preventDefault();
      return;
    }
    onClick?.(event);
  };
  const button = (
    <button
      {...rest}
      ref={elementRef ?? null}
      type={type}
      onClick={press}
      aria-disabled={refused || busy ? true : undefined}
      aria-busy={busy || undefined}
    >
      {children}
      {busy && <Spinner class="ui-button-spinner" />}
    </button>
  );
  if (!disabledReason) return button;
  return (
    <Tooltip text={disabledReason} side={tooltipSide ?? "top"} describes onPress>
      {button}
    </Tooltip>
  );
}

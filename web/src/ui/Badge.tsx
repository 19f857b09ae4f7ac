import type { ComponentChildren } from "preact";
import type { Role } from "../protocol/messages.gen";
import { classes } from "./classes";
import { Icon, type LucideIcon } from "./Icon";
import { roleName } from "./people";
import "./Badge.css";

export type Tone = "neutral" | "accent" | "success" | "warning" | "danger";

interface BadgeProps {
  tone?: Tone;
  icon?: LucideIcon | undefined;
  class?: string;
  children: ComponentChildren;
}

/** A short word in a pill. Colour only repeats what the word says. */
export function Badge({ tone = "neutral", icon, class: extra, children }: BadgeProps) {
  return (
    <span class={classes("ui-badge", `ui-badge-${tone}`, extra)}>
      {icon && <Icon of={icon} size={14} />}
      {children}
    </span>
  );
}

interface RoleBadgeProps {
  role: Role;
  class?: string;
}

export function RoleBadge({ role, class: extra = "" }: RoleBadgeProps) {
  const leads = role === "organiser" || role === "facilitator" || role === "co_facilitator";
  return (
    <Badge tone={leads ? "accent" : "neutral"} class={extra}>
      {roleName(role)}
    </Badge>
  );
}

import { CircleAlert, Info, TriangleAlert } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { Button } from "./Button";
import { classes } from "./classes";
import { Icon, type LucideIcon } from "./Icon";
import "./States.css";

interface EmptyStateProps {
  icon?: LucideIcon;
  title: string;
  /** One sentence. */
  children?: ComponentChildren;
  /** The next step: a button or a link. */
  action?: ComponentChildren;
  /** The heading's level, where it stands for the whole page. */
  level?: 1 | 2;
}

/** Nothing is here, and what to do about it. */
export function EmptyState({ icon, title, children, action, level = 2 }: EmptyStateProps) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div class="ui-state">
      {icon && (
        <span class="ui-state-icon">
          <Icon of={icon} size={24} />
        </span>
      )}
      <Heading class="ui-state-title">{title}</Heading>
      {children && <p class="ui-state-text">{children}</p>}
      {action && <div class="ui-state-action">{action}</div>}
    </div>
  );
}

interface ErrorStateProps {
  title: string;
  message: string;
  onRetry?: (() => void) | undefined;
  action?: ComponentChildren;
  level?: 1 | 2;
}

/** Something failed: what, in a sentence, and the next step. */
export function ErrorState({ title, message, onRetry, action, level = 2 }: ErrorStateProps) {
  return (
    <div role="alert">
      <EmptyState
        icon={CircleAlert}
        title={title}
        level={level}
        action={action ?? (onRetry && <Button onClick={onRetry}>Try again</Button>)}
      >
        {message}
      </EmptyState>
    </div>
  );
}

interface BannerProps {
  tone?: "info" | "success" | "warning" | "danger";
  icon?: LucideIcon;
  action?: ComponentChildren;
  /** True for what came up by itself: it is announced. */
  live?: boolean;
  class?: string;
  children: ComponentChildren;
}

/** A sentence across the width of what it is about. */
export function Banner({ tone = "info", icon, action, live = false, class: extra, children }: BannerProps) {
  const glyph = icon ?? (tone === "warning" || tone === "danger" ? TriangleAlert : Info);
  return (
    <div
      role={live ? (tone === "danger" ? "alert" : "status") : undefined}
      class={classes("ui-banner", `ui-banner-${tone}`, extra)}
    >
      <Icon of={glyph} />
      <div class="ui-banner-text">{children}</div>
      {action}
    </div>
  );
}

import { classes } from "./classes";
import "./Spinner.css";

interface SpinnerProps {
  /** What is under way, for a spinner that stands alone; without it the spinner is silent. */
  label?: string;
  size?: number;
  class?: string;
}

export function Spinner({ label, size = 20, class: extra }: SpinnerProps) {
  const named = label
    ? ({ role: "status", "aria-label": label } as const)
    : ({ "aria-hidden": true } as const);
  return (
    <span {...named} class={classes("ui-spinner", extra)}>
      <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
        <circle cx="10" cy="10" r="8" class="ui-spinner-track" />
        <path d="M10 2a8 8 0 0 1 8 8" class="ui-spinner-arc" />
      </svg>
    </span>
  );
}

interface SkeletonProps {
  /** CSS lengths; a text line by default. */
  width?: string;
  height?: string;
  class?: string;
}

/** The place of something that is on its way. Put `aria-busy` on what holds it. */
export function Skeleton({ width = "100%", height = "1em", class: extra }: SkeletonProps) {
  return <span aria-hidden="true" class={classes("ui-skeleton", extra)} style={{ width, height }} />;
}

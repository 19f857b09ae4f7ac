import { classes } from "./classes";
import { hueOf, initialsOf } from "./people";
import "./Avatar.css";

interface AvatarProps {
  name: string;
  /** What keeps the hue the same when the name changes; the name itself when there is none. */
  id?: string | undefined;
  /** Edge in CSS pixels. */
  size?: number;
  class?: string;
}

/** Initials on a quiet ground, always the same one for a person. The name stands beside it in words. */
export function Avatar({ name, id, size = 40, class: extra }: AvatarProps) {
  return (
    <span
      aria-hidden="true"
      class={classes("ui-avatar", `ui-avatar-${hueOf(id ?? name)}`, extra)}
      style={{ width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.38)}px` }}
    >
      {initialsOf(name)}
    </span>
  );
}

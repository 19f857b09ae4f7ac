import type { LucideIcon } from "lucide-preact";

export type { LucideIcon };

interface IconProps {
  of: LucideIcon;
  /** Edge in CSS pixels; 20 unless the place is small. */
  size?: number;
  class?: string | undefined;
}

/** A Lucide icon in the one weight we use, hidden from assistive technology: the words stand beside it. */
export function Icon({ of: Glyph, size = 20, class: name }: IconProps) {
  return <Glyph size={size} strokeWidth={1.75} aria-hidden="true" focusable="false" class={name ?? ""} />;
}

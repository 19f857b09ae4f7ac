import type { ComponentChildren } from "preact";
import "./VisuallyHidden.css";

/** Words for those who do not see the picture. */
export function VisuallyHidden({ children }: { children: ComponentChildren }) {
  return <span class="ui-visually-hidden">{children}</span>;
}

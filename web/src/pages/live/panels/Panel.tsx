import { X } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { IconButton } from "../../../ui";
import type { PanelName, Panels } from "../room/panels";

interface PanelProps {
  name: PanelName;
  title: string;
  /** Beside the title: a count. */
  aside?: ComponentChildren;
  panels: Panels;
  children: ComponentChildren;
}

/**
 * A column beside the picture, on narrow pages a sheet over it. The focus goes in when somebody opens it: to the field
 * if it has one, except on touch screens, where that would raise the keyboard. It goes back when the panel closes.
 */
export function Panel({ name, title, aside, panels, children }: PanelProps) {
  const panel = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (panels.asked) {
      const field = panel.current?.querySelector("textarea");
      const first = field && matchMedia("(pointer: fine)").matches ? field : heading.current;
      first?.focus();
    }
    const inside = panel.current;
    return () => {
      if (!inside?.contains(document.activeElement)) return;
      document.querySelector<HTMLElement>(`[data-panel="${name}"]`)?.focus();
    };
  }, [name]);
  return (
    <section id={`panel-${name}`} class="panel" aria-labelledby={`panel-${name}-title`} ref={panel}>
      <header class="panel-head">
        <h2 id={`panel-${name}-title`} class="panel-title" ref={heading} tabIndex={-1}>
          {title} {aside !== undefined && <span class="panel-aside numbers">{aside}</span>}
        </h2>
        <IconButton label="Close panel" icon={X} tooltipSide="left" onClick={panels.close} />
      </header>
      {children}
    </section>
  );
}

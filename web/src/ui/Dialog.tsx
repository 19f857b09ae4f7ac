import { X } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "./Button";
import { classes } from "./classes";
import "./Dialog.css";

interface DialogProps {
  title: string;
  onClose: () => void;
  /** Buttons in the footer, the main one last. */
  actions?: ComponentChildren;
  size?: "normal" | "wide";
  /** A question that wants an answer: no cross, no closing by a click outside. Escape still closes. */
  alert?: boolean;
  class?: string;
  children: ComponentChildren;
}

const TABBABLE = "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])";

/** A modal dialog; render it while it is open. Focus moves in, stays in, and returns to where it was.
 *  Put `autofocus` on the element that should have it first. */
export function Dialog({
  title,
  onClose,
  actions,
  size = "normal",
  alert = false,
  class: extra,
  children,
}: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);

  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  const key = (event: KeyboardEvent) => {
    if (event.key !== "Tab" || !dialog.current) return;
    const stops = [...dialog.current.querySelectorAll<HTMLElement>(TABBABLE)].filter((stop) =>
      stop.checkVisibility(),
    );
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    const other = event.shiftKey ? stops.at(-1) : stops[0];
    if (document.activeElement !== edge && document.activeElement !== dialog.current) return;
    event.preventDefault();
    other?.focus();
  };
  const outside = (event: MouseEvent) => {
    if (!alert && event.target === dialog.current) onClose();
  };

  return (
    <dialog
      ref={dialog}
      role={alert ? "alertdialog" : undefined}
      aria-labelledby={`${id}-title`}
      aria-describedby={alert ? `${id}-body` : undefined}
      class={classes("ui-dialog", `ui-dialog-${size}`, extra)}
      onCancel={(event) => {
        event.preventDefault();
        if (event.target === dialog.current) onClose();
      }}
      onKeyDown={key}
      onClick={outside}
    >
      <div class="ui-dialog-frame">
        <header class="ui-dialog-head">
          <h2 id={`${id}-title`}>{title}</h2>
          {!alert && <IconButton label="Close" icon={X} onClick={onClose} tooltipSide="bottom" />}
        </header>
        <div id={`${id}-body`} class="ui-dialog-body">
          {children}
        </div>
        {actions && <footer class="ui-dialog-actions">{actions}</footer>}
      </div>
    </dialog>
  );
}

import { type ComponentChildren, cloneElement, isValidElement } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { placeBeside, type Side } from "./place";
import "./Tooltip.css";

interface TooltipProps {
  text: string;
  side?: Side;
  /** True when the text says more than the name of the child: it is then announced as its description. */
  describes?: boolean;
  /** Also show it on a click or tap, for controls that do nothing else (those that are not available). */
  onPress?: boolean;
  children: ComponentChildren;
}

const HOVER_DELAY_MS = 350;
const PRESS_SHOWN_MS = 4000;

/** A short text beside a control, on hover and keyboard focus. Escape hides it; it never takes the pointer. */
export function Tooltip({ text, side = "top", describes = false, onPress = false, children }: TooltipProps) {
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const bubble = useRef<HTMLSpanElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>();

  const hide = () => {
    clearTimeout(timer.current);
    if (bubble.current?.matches(":popover-open")) bubble.current.hidePopover();
  };
  const show = () => {
    clearTimeout(timer.current);
    const control = anchor.current?.firstElementChild;
    if (!control || !bubble.current?.isConnected) return;
    if (!bubble.current.matches(":popover-open")) bubble.current.showPopover();
    placeBeside(bubble.current, control, side, "center");
  };
  const hover = (event: PointerEvent) => {
    if (event.pointerType !== "mouse") return;
    clearTimeout(timer.current);
    timer.current = setTimeout(show, HOVER_DELAY_MS);
  };
  const focus = (event: FocusEvent) => {
    if (event.target instanceof Element && event.target.matches(":focus-visible")) show();
  };
  const press = () => {
    if (!onPress) return hide();
    show();
    timer.current = setTimeout(hide, PRESS_SHOWN_MS);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape") hide();
  };
  useEffect(() => {
    window.addEventListener("resize", hide); // it would stand beside nothing
    return () => {
      window.removeEventListener("resize", hide);
      clearTimeout(timer.current);
    };
  }, []);

  const child =
    describes && isValidElement(children) ? cloneElement(children, { "aria-describedby": id }) : children;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it listens on behalf of the control inside
    <span
      ref={anchor}
      class="ui-tooltip-anchor"
      onPointerEnter={hover}
      onPointerLeave={hide}
      onFocusCapture={focus}
      onBlurCapture={hide}
      onClick={press}
      onKeyDown={key}
    >
      {child}
      <span ref={bubble} id={id} role="tooltip" popover="manual" class="ui-tooltip">
        {text}
      </span>
    </span>
  );
}

import { type ComponentChildren, Fragment, type Ref } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { classes } from "./classes";
import { Icon, type LucideIcon } from "./Icon";
import { type Align, placeBeside, type Side } from "./place";
import "./Menu.css";

export interface MenuAction {
  label: string;
  onSelect: () => void;
  icon?: LucideIcon | undefined;
  /** A second, quieter line. */
  detail?: string | undefined;
  danger?: boolean;
  /** Makes it a choice among others (`radio`) or a switch (`check`). */
  checked?: boolean | undefined;
  kind?: "radio" | "check";
  disabledReason?: string | null | undefined;
}

export type MenuEntry = MenuAction | { heading: string } | "separator";

export interface MenuTrigger {
  elementRef: Ref<HTMLButtonElement>;
  onClick: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  "aria-haspopup": "menu";
  "aria-expanded": boolean;
}

interface MenuProps {
  label: string;
  entries: MenuEntry[];
  /** The button that opens it: `trigger={(props) => <IconButton … {...props} />}`. */
  trigger: (props: MenuTrigger) => ComponentChildren;
  side?: Side;
  align?: Align;
  /** Told when it opens (true) and closes, for lists that are read only while shown. */
  onToggle?: (open: boolean) => void;
}

const isAction = (entry: MenuEntry): entry is MenuAction => typeof entry === "object" && "label" in entry;

/** A menu button. Arrows, Home, End and first letters move; Enter and Space choose; Escape and Tab close. */
export function Menu({ label, entries, trigger, side = "bottom", align = "end", onToggle }: MenuProps) {
  const [open, setOpen] = useState<false | "first" | "last">(false);
  const button = useRef<HTMLButtonElement>(null);
  const change = (next: false | "first" | "last") => {
    setOpen(next);
    onToggle?.(next !== false);
  };
  const close = (refocus: boolean) => {
    change(false);
    if (refocus) button.current?.focus();
  };
  return (
    <>
      {trigger({
        elementRef: button,
        onClick: () => change(open ? false : "first"),
        onKeyDown: (event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          change(event.key === "ArrowDown" ? "first" : "last");
        },
        "aria-haspopup": "menu",
        "aria-expanded": open !== false,
      })}
      {open && (
        <MenuList
          label={label}
          entries={entries}
          start={open}
          anchor={button}
          side={side}
          align={align}
          onClose={close}
        />
      )}
    </>
  );
}

interface MenuListProps {
  label: string;
  entries: MenuEntry[];
  start: "first" | "last";
  anchor: { current: HTMLButtonElement | null };
  side: Side;
  align: Align;
  onClose: (refocus: boolean) => void;
}

function MenuList({ label, entries, start, anchor, side, align, onClose }: MenuListProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const items = () => [...(list.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];

  useLayoutEffect(() => {
    const element = list.current;
    const trigger = anchor.current;
    if (!element || !trigger) return;
    element.showPopover();
    placeBeside(element, trigger, side, align);
    const all = items();
    const choices = all.every((item) => item.ariaChecked !== null); // a list to choose from opens at the choice
    const chosen = choices ? all.find((item) => item.ariaChecked === "true") : undefined;
    (chosen ?? all.at(start === "first" ? 0 : -1))?.focus();
  }, []);

  useEffect(() => {
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!list.current?.contains(target) && !anchor.current?.contains(target)) onClose(false);
    };
    const moved = () => onClose(false);
    document.addEventListener("pointerdown", outside, true);
    window.addEventListener("resize", moved);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      window.removeEventListener("resize", moved);
    };
  });

  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      event.stopPropagation();
      onClose(true);
      return;
    }
    const next = destination(items(), event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };

  return (
    <div
      ref={list}
      id={id}
      role="menu"
      aria-label={label}
      popover="manual"
      tabIndex={-1}
      class="ui-menu"
      onKeyDown={key}
    >
      {entries.map((entry, at) => {
        if (entry === "separator") return <hr key={at} class="ui-menu-separator" />;
        if (!isAction(entry)) {
          return (
            <div key={at} role="presentation" class="ui-menu-heading">
              {entry.heading}
            </div>
          );
        }
        return (
          <MenuItem
            key={at}
            action={entry}
            onChoose={() => {
              onClose(true);
              entry.onSelect();
            }}
          />
        );
      })}
    </div>
  );
}

function MenuItem({ action, onChoose }: { action: MenuAction; onChoose: () => void }) {
  const { label, icon, detail, danger, checked, kind = "radio", disabledReason } = action;
  const roles = { radio: "menuitemradio", check: "menuitemcheckbox" } as const;
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: aria-checked is set only with the roles that know it
    <button
      type="button"
      role={checked === undefined ? "menuitem" : roles[kind]}
      aria-checked={checked}
      aria-disabled={disabledReason ? true : undefined}
      tabIndex={-1}
      class={classes("ui-menu-item", danger && "ui-menu-danger")}
      onClick={disabledReason ? undefined : onChoose}
      onPointerMove={(event) => event.currentTarget.focus({ preventScroll: true })}
    >
      {checked !== undefined && <span class="ui-menu-mark" aria-hidden="true" />}
      {icon && <Icon of={icon} />}
      <span class="ui-menu-words">
        <span>{label}</span>
        {(disabledReason ?? detail) && <Fragment> </Fragment>}
        {(disabledReason ?? detail) && <span class="ui-menu-detail">{disabledReason ?? detail}</span>}
      </span>
    </button>
  );
}

/** Where a key leads from the item that has focus; undefined for keys that mean nothing here. */
function destination(items: HTMLElement[], key: string): HTMLElement | undefined {
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (key === "ArrowDown") return items[(at + 1) % items.length];
  if (key === "ArrowUp") return items.at(at - 1 < -items.length ? -1 : at - 1);
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key.length !== 1 || key === " ") return undefined;
  const later = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return later.find((item) =>
    item.textContent?.trim().toLocaleLowerCase().startsWith(key.toLocaleLowerCase()),
  );
}

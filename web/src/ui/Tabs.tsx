import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { classes } from "./classes";
import "./Tabs.css";

export interface Tab {
  id: string;
  label: string;
  /** A word after the label: how many wait, that something is wrong. */
  note?: string | undefined;
}

interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  selected: string;
  onSelect: (id: string) => void;
  /** What the selected tab shows. */
  children: ComponentChildren;
}

/** Tabs and the panel under them: arrows, Home and End move between them, Tab leads into the panel. */
export function Tabs({ label, tabs, selected, onSelect, children }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = list.current?.querySelector<HTMLElement>("[aria-selected='true']");
    element?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [selected]);
  const key = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs.at(to % tabs.length);
    if (!next) return;
    event.preventDefault();
    onSelect(next.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  return (
    <>
      <div ref={list} role="tablist" aria-label={label} class="ui-tabs" onKeyDown={key}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            data-tab={tab.id}
            aria-selected={tab.id === selected}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === selected ? 0 : -1}
            class={classes("ui-tab", tab.id === selected && "ui-tab-on")}
            onClick={() => onSelect(tab.id)}
          >
            {tab.label}
            {tab.note && <span class="ui-tab-note">{tab.note}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${selected}`} class="ui-tab-panel">
        {children}
      </div>
    </>
  );
}

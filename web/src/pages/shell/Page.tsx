import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { classes } from "../../ui";
import { Header } from "./Header";
import "./Page.css";

interface PageProps {
  /** What stands in the tab. */
  title: string;
  width?: "full" | "reading" | "form";
  children: ComponentChildren;
}

/** The frame of every page but the room: skip link, header, content. */
export function Page({ title, width = "full", children }: PageProps) {
  useEffect(() => {
    document.title = title === "Convene" ? title : `${title} · Convene`;
  }, [title]);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it is a link, to the content; the script only keeps it out of the history */}
      <a class="skip-link" href="#main" onClick={skip}>
        Skip to content
      </a>
      <Header />
      <main id="main" class={classes("page", `page-${width}`)} tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

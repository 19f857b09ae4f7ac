import { SmilePlus } from "lucide-preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { REACTIONS } from "../../../protocol/messages.gen";
import type { RoomSession } from "../../../session";
import { placeBeside } from "../../../ui";
import { capOf } from "../shortcuts";
import { Control } from "./Control";
import { tell } from "./tell";

type Emoji = (typeof REACTIONS)[number];

const WORDS: Record<Emoji, string> = {
  "👍": "Thumbs up",
  "👏": "Applause",
  "❤️": "Heart",
  "😂": "Laughing",
  "😮": "Surprised",
  "🎉": "Celebrating",
  "🤔": "Thinking",
  "👋": "Waving",
};

interface ReactControlProps {
  session: RoomSession;
  open: boolean;
  onOpen(open: boolean): void;
}

/** A button that opens a small palette; one choice closes it again. */
export function ReactControl({ session, open, onOpen }: ReactControlProps) {
  const button = useRef<HTMLButtonElement>(null);
  const permit = session.permit("reaction.send");
  const close = (refocus: boolean) => {
    onOpen(false);
    if (refocus) button.current?.focus();
  };
  return (
    <>
      <Control
        word="React"
        elementRef={button}
        label="React"
        icon={SmilePlus}
        shortcut={capOf("react")}
        disabledReason={permit.allowed ? null : permit.message}
        aria-expanded={open}
        onClick={() => onOpen(!open)}
      />
      {open && permit.allowed && (
        <Palette anchor={button} onChoose={(emoji) => tell(session.react(emoji))} onClose={close} />
      )}
    </>
  );
}

interface PaletteProps {
  anchor: { current: HTMLButtonElement | null };
  onChoose(emoji: Emoji): void;
  onClose(refocus: boolean): void;
}

function Palette({ anchor, onChoose, onClose }: PaletteProps) {
  const palette = useRef<HTMLDivElement>(null);
  const buttons = () => [...(palette.current?.querySelectorAll("button") ?? [])];

  useLayoutEffect(() => {
    const element = palette.current;
    if (element === null || anchor.current === null) return;
    element.showPopover();
    placeBeside(element, anchor.current, "top", "center");
    buttons()[0]?.focus();
  }, []);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!palette.current?.contains(target) && !anchor.current?.contains(target)) onClose(false);
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
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all.at(to % all.length)?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      onClose(true);
    }
  };
  return (
    <div
      ref={palette}
      class="palette"
      role="toolbar"
      aria-label="Reactions"
      popover="manual"
      tabIndex={-1}
      onKeyDown={key}
    >
      {REACTIONS.map((emoji) => (
        <button
          key={emoji}
          type="button"
          class="palette-emoji"
          aria-label={WORDS[emoji]}
          onClick={() => {
            onChoose(emoji);
            onClose(true);
          }}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}

/** Reactions rise at the left edge of the picture and fade; who sent them stands beside. */
export function ReactionFloats({ session }: { session: RoomSession }) {
  return (
    <div class="floats" aria-hidden="true">
      {session.reactions.value.slice(-8).map((reaction) => (
        <span key={reaction.id} class={`float float-lane-${reaction.id % 3}`}>
          <span class="float-emoji">{reaction.emoji}</span>
          <span class="float-name" dir="auto">
            {reaction.name}
          </span>
        </span>
      ))}
    </div>
  );
}

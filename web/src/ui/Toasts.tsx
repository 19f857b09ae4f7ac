import { signal } from "@preact/signals";
import { X } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { IconButton } from "./Button";
import "./Toasts.css";

export interface ToastOptions {
  /** The one thing one can do about it, "Undo" most often. */
  action?: { label: string; onSelect: () => void } | undefined;
  /** How long it stays, in milliseconds; longer by itself when there is an action. */
  stays?: number;
}

interface Toast extends ToastOptions {
  id: number;
  text: string;
}

const AT_MOST = 2;
const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Says something in passing, at the lower left. Returns what takes it away again. */
export function toast(text: string, options: ToastOptions = {}): () => void {
  lastId += 1;
  const id = lastId;
  const others = toasts.value.filter((other) => other.text !== text);
  toasts.value = [...others, { id, text, ...options }].slice(-AT_MOST);
  return () => dismiss(id);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((other) => other.id !== id);
}

/** Where toasts appear; once per page. */
export function Toasts() {
  return (
    <div class="ui-toasts" role="status" aria-live="polite" aria-relevant="additions text">
      {toasts.value.map((one) => (
        <ToastCard key={one.id} toast={one} />
      ))}
    </div>
  );
}

function ToastCard({ toast: { id, text, action, stays } }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(id), stays ?? (action ? 10_000 : 6_000));
    return () => clearTimeout(timer);
  }, [held, id]);
  return (
    <div
      class="ui-toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocusCapture={() => setHeld(true)}
      onBlurCapture={() => setHeld(false)}
    >
      <span class="ui-toast-text">{text}</span>
      {action && (
        <button
          type="button"
          class="ui-toast-action"
          onClick={() => {
            dismiss(id);
            action.onSelect();
          }}
        >
          {action.label}
        </button>
      )}
      <IconButton label="Dismiss" icon={X} size="small" onClick={() => dismiss(id)} />
    </div>
  );
}

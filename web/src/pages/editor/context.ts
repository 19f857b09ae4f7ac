import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { SessionEditor } from "./model/editor";

export const EditorContext = createContext<SessionEditor | null>(null);

/** The editor that this part of the page belongs to. */
export function useEditor(): SessionEditor {
  const editor = useContext(EditorContext);
  if (!editor) throw new Error("outside of an editor");
  return editor;
}

export { EditorPage } from "./EditorPage";
export { NewSessionPage } from "./NewSessionPage";

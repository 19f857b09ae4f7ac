import "@fontsource-variable/inter/wght.css";
import "./ui/tokens.css";
import "./ui/base.css";
import { render } from "preact";
import { App } from "./pages/shell/App";
import { loadViewer } from "./pages/viewer";
import { startRouter, startTheme } from "./ui";

startTheme();
startRouter();
void loadViewer();
render(<App />, document.getElementById("app") as HTMLElement);

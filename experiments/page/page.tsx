/** @jsxImportSource preact */
import { render } from "preact";
import { PageState } from "./page_state.ts";
import { Page } from "./view/page_view.tsx";

// The GPU's side, so that the page never waits for it.
const worker = "gpu" in navigator
  ? new Worker(new URL("worker.js", import.meta.url), { type: "module" })
  : undefined;
const state = new PageState(worker);

// The address is always a link to what is shown.
let shown = "";
state.listen(() => {
  if (state.link === shown) return;
  shown = state.link;
  history.replaceState(null, "", `#${shown}`);
});
addEventListener("hashchange", () => state.follow(location.hash));
state.follow(location.hash);

// A file may be dropped anywhere: the browser would leave the page for it.
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  if (file) state.takeFile(file);
});

render(<Page state={state} />, document.querySelector("#page")!);

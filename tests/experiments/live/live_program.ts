// A program that serves a page on the port it is given, and ends.

import { openLive } from "../../../experiments/live/live.ts";
import { requirePagePermission } from "../../../experiments/live/local_server.ts";
import { runMain } from "../../../experiments/terminal/program.ts";

await runMain(async () => {
  const port = Number(Deno.args[0]);
  requirePagePermission(port);
  await using live = openLive({ folder: "results", title: "a run", port, figure: "train_loss" });
  live.ended("finished");
});

// A program that shows a run, prints the page's address, and does not end.

import { openLive } from "../../experiments/live/live.ts";
import { figure, row } from "../experiments/live/rows.ts";

const live = openLive({ folder: "results", title: "a run", port: 0, figure });
live.rows([row({ update: 0, error: "60" }), row({ update: 10, error: "30" })]);
console.log(live.url);

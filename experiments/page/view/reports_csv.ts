import { stringify } from "@std/csv";
import type { PageState } from "../page_state.ts";

const settings = ["optimizer", "schedule", "finish", "initializer", "scale"] as const;
const figures = ["rate", "momentum", "squaredError", "velocityNorm", "sharpness"] as const;

/** What the page says of rate and squaredError, runs of programs call so. */
const columns = {
  ...{ rate: "learning_rate", momentum: "momentum", squaredError: "train_squared_error" },
  ...{ velocityNorm: "velocity_norm", sharpness: "sharpness" },
};

/** A row for each report of each network; what it does not have is empty. */
export function reportsCSV(state: Pick<PageState, "settings" | "reports">): string {
  const head = ["network", ...settings, "update", ...figures.map((name) => columns[name])];
  const rows = state.settings.networks.flatMap((network, i) =>
    state.reports[i].map((report) => [
      i + 1,
      ...settings.map((name) => network[name]),
      report.update,
      ...figures.map((name) => report[name] === undefined ? "" : String(report[name])),
    ])
  );
  return stringify([head, ...rows]);
}

import { renderSvg } from "../../../experiments/charts/vega.ts";
import { pythonModules } from "../python.ts";
import type { Row } from "../report.ts";
import { autoencoderTask, recurrentTask } from "../tasks.ts";
import { autoencoderEngines, race, recurrentEngines, replicaEngines } from "./peers.ts";
import type { Setting } from "./section.ts";

const sizes = {
  software: { replicas: [1, 2, 4, 8], steps: [10, 20, 40, 80], batch: [1, 8, 40, 200] },
  hardware: {
    replicas: [1, 2, 4, 8, 16, 32, 54],
    steps: [10, 20, 40, 80, 160, 320],
    batch: [1, 8, 40, 200, 1000, 5000],
  },
};

/**
 * What an update takes for more networks, longer sequences and larger minibatches: all engines that can,
 * as tables and as a figure, scaling.svg.
 */
export async function measureScaling(setting: Setting): Promise<void> {
  const { report } = setting;
  const { gpu } = await setting.machine();
  const { replicas, steps, batch } = sizes[gpu.isSoftware ? "software" : "hardware"];
  const modules = await pythonModules(report);
  const rows: Row[] = [];
  const add = async (axis: string, size: number, raced: Promise<Row[]>) => {
    for (const { engine, ms, cpu_ms } of await raced) {
      rows.push({ axis, size, engine, ms, cpu_ms });
    }
  };
  for (const size of replicas) {
    const task = autoencoderTask("curves", { replicas: size });
    await add("networks, Curves", size, race(setting, task, replicaEngines(modules)));
  }
  for (const size of steps) {
    const task = recurrentTask({ steps: size, batchSize: 100, hidden: 100 });
    await add("steps T, recurrent", size, race(setting, task, recurrentEngines(modules)));
  }
  for (const size of batch) {
    const task = autoencoderTask("curves", { batchSize: size });
    await add("batch, Curves", size, race(setting, task, autoencoderEngines(modules)));
  }
  report.table("scaling", "An update by the number of networks, of steps, of cases", rows);
  report.figure("scaling", await chart(rows));
}

/** A panel an axis, a line an engine; both axes logarithmic. */
function chart(rows: readonly Row[]): Promise<string> {
  const scale = { type: "log" } as const;
  const legend = { symbolType: "stroke", labelLimit: 0 } as const;
  return renderSvg({
    data: { values: rows.filter(({ ms }) => Number.isFinite(ms)).map((row) => ({ ...row })) },
    facet: { field: "axis", title: null, sort: [...new Set(rows.map(({ axis }) => String(axis)))] },
    spec: {
      width: 220,
      height: 220,
      mark: { type: "line", point: true },
      encoding: {
        x: { field: "size", type: "quantitative", scale, title: null },
        y: { field: "ms", type: "quantitative", scale, title: "ms an update" },
        color: { field: "engine", type: "nominal", title: null, sort: null, legend },
        strokeDash: { field: "engine", type: "nominal", title: null, sort: null, legend },
      },
    },
    resolve: { scale: { x: "independent", y: "independent" } },
  });
}

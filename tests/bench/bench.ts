/**
 * Measures the engine on the adapter at hand, and its peers beside it: tables on the terminal and as
 * CSV files. What the figures mean stands in NOTES.md.
 *
 * @module
 */

import { cpus } from "node:os";
import { openGPU } from "../../mod.ts";
import { choices, integer, path, type Values } from "../../experiments/terminal/flags.ts";
import { runProgram } from "../../experiments/terminal/program.ts";
import { describeAdapter, ensureAdapter } from "../../experiments/study/adapter.ts";
import { tuningFiles } from "../../experiments/files/tuning_files.ts";
import { arithmeticPeak, copyBandwidth } from "./peak.ts";
import { Report } from "./report.ts";
import { measureHessianFree } from "./sections/hessian_free.ts";
import { measureKernels } from "./sections/kernels.ts";
import { measureOptimizers } from "./sections/optimizers.ts";
import {
  compareConvolutionalPeers,
  comparePeers,
  compareTransformerPeers,
} from "./sections/peers.ts";
import { measureRecurrent } from "./sections/recurrent.ts";
import type { Machine, Setting } from "./sections/section.ts";
import { measureScaling } from "./sections/scaling.ts";
import { measureStart } from "./sections/start.ts";
import { measureSteps } from "./sections/step.ts";
import { measureTargets } from "./sections/target.ts";
import { problemNames } from "./tasks.ts";

const sections = {
  start: measureStart,
  step: measureSteps,
  recurrent: measureRecurrent,
  kernels: measureKernels,
  optimizers: measureOptimizers,
  "hessian-free": measureHessianFree,
  peers: comparePeers,
  transformer: compareTransformerPeers,
  convolution: compareConvolutionalPeers,
  scaling: measureScaling,
  target: measureTargets,
};
type SectionName = keyof typeof sections;
const sectionNames = Object.keys(sections) as SectionName[];

const flags = {
  only: choices(sectionNames, { default: sectionNames, help: "The sections to run." }),
  rounds: integer({
    default: 5,
    atLeast: 1,
    help: "Timed rounds, whose median is told; engines take turns in each.",
  }),
  networks: choices(problemNames, {
    default: problemNames,
    help: "The autoencoders of the sections step and peers.",
  }),
  data: path({ shown: "none", help: "The folder of MNIST's files, for the section target." }),
  out: path({ shown: "results/bench/DATE-TIME", help: "The folder for the CSV files." }),
};

await runProgram(
  {
    usage: "deno task bench",
    summary: "Measures the engine on the adapter at hand, and its peers beside it.",
    flags,
  },
  main,
  Deno.args.filter((word) => word !== "--"),
);

async function main({ only, rounds, networks, data, out }: Values<typeof flags>): Promise<void> {
  const now = new Date().toISOString();
  const report = new Report(out ?? `results/bench/${now.slice(0, 19).replaceAll(":", "-")}`);
  const adapter = await ensureAdapter();
  const [{ model }] = cpus();
  const { hardwareConcurrency: cores } = navigator;
  report.say(`${describeAdapter(adapter)}, ${cores} cores of ${model.trim()}, ${now}`);
  if (Deno.build.os !== "windows") {
    report.say(`load before the run: ${Deno.loadavg().map((load) => load.toFixed(1)).join(", ")}`);
  }
  let machine: Promise<Machine> | undefined;
  const setting: Setting = {
    report,
    rounds,
    networks,
    data,
    machine: () => machine ??= openMachine(adapter, report),
  };
  for (const name of only) await sections[name](setting);
  (await machine)?.gpu.close();
}

async function openMachine(adapter: GPUAdapter, report: Report): Promise<Machine> {
  const gpu = await openGPU({ adapter, tuning: tuningFiles() });
  const peak = await arithmeticPeak(gpu);
  const bandwidth = await copyBandwidth(gpu);
  report.say(
    `arithmetic peak ${peak.toFixed(1)} GFLOP/s, copies ${bandwidth.toFixed(1)} GB/s ` +
      "(read and written)",
  );
  return { gpu, peak, bandwidth };
}

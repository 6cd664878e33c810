import { type Gpu, paperProblems } from "../../mod.ts";
import { areMNIST } from "../problems/mnist.ts";
import { chooseNetwork } from "../problems/autoencoder_flags.ts";
import {
  identityOf,
  loadProblem,
  notMNIST,
  type ProblemData,
  unchecked,
} from "../problems/problem.ts";
import { problems } from "../problems/problems.ts";

/** What autoencoders learn; all tables of a command learn the same. */
export interface DataOptions {
  readonly problem: "curves" | "mnist" | "faces";
  readonly data: string | undefined;
  readonly dataSeed: number;
  readonly download: boolean;
}

/** Data that are loaded, for the cells of a table. */
export interface PaperData {
  /** What they are, wherever their files lie. */
  readonly identity: string;
  readonly remark: string | undefined;
  on(gpu: Gpu): Promise<ProblemData>;
}

/** Reads or generates the data. Throws InputError where they have fewer cases than a minibatch. */
export async function loadPaperData(
  { problem, data, ...rest }: DataOptions,
  batchSize: number,
  interruption: AbortSignal,
): Promise<PaperData> {
  const { outputUnit, layers: [width] } = paperProblems[problem];
  const load = () => problems[problem].load({ ...rest, data, width, outputUnit, interruption });
  const { loaded, on } = await loadProblem(load, { batchSize, earlier: undefined, data });
  return { identity: identityOf(loaded.source), remark: loaded.remark, on };
}

/** The encoder: the paper's where none is given. Throws InputError where it is none of the problem. */
export function layersOf(
  { problem, download }: DataOptions,
  layers: readonly number[] | undefined,
): readonly number[] {
  return chooseNetwork({ problem, layers, download, outputUnit: undefined, loss: undefined })
    .layers;
}

/** What a record says of its data. Earlier ones took files for the original by their names. */
export function tellData({ problem, data }: { problem: string; data: string }): string {
  if (!data.startsWith("original")) return data;
  if (problem !== "mnist") return data.replace("original", unchecked);
  return areMNIST(data.match(/[0-9a-f]{64}/g) ?? []) ? data : data.replace("original", notMNIST);
}

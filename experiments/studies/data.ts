import { InputError, paperProblems } from "../../mod.ts";
import { curves } from "../problems/curves.ts";
import { faces } from "../problems/faces.ts";
import { areMNIST, mnist } from "../problems/mnist.ts";
import { chooseNetwork } from "../problems/network.ts";
import {
  type DataSource,
  type LoadedProblem,
  notMNIST,
  type Problem,
  unchecked,
} from "../problems/problem.ts";

const problems: Record<"curves" | "mnist" | "faces", Problem> = { curves, mnist, faces };

/** What autoencoders learn; all tables of a command learn the same. */
export interface DataOptions {
  readonly problem: "curves" | "mnist" | "faces";
  readonly data: string | undefined;
  readonly dataSeed: number;
  readonly download: boolean;
}

/** Checks what can be checked before anything is read. Throws InputError. */
export function checkData(
  { problem, download }: DataOptions,
  layers: readonly number[] | undefined,
): void {
  if (download && problem !== "mnist") {
    throw new InputError(`--download yes is for mnist alone: ${problem} is on no mirror`);
  }
  layersOf(problem, layers);
}

/** Reads or generates the data. */
export function loadData(
  { problem, ...rest }: DataOptions,
  interruption: AbortSignal,
): Promise<LoadedProblem> {
  const { outputUnit, layers: [width] } = paperProblems[problem];
  return problems[problem].load({ ...rest, width, outputUnit, interruption });
}

/** The encoder: the paper's where none is given. */
export function layersOf(
  problem: DataOptions["problem"],
  layers: readonly number[] | undefined,
): readonly number[] {
  return chooseNetwork({ problem, layers, outputUnit: undefined, loss: undefined }).layers;
}

/** What the data are, wherever their files lie: "stand-in, seed 1". */
export function identityOf({ kind, files, seed, trainCases, testCases }: DataSource): string {
  const sums = Array.isArray(files) ? files.map(({ sha256 }) => `SHA-256 ${sha256}`) : [];
  return [
    kind,
    ...trainCases === undefined ? [] : [`${trainCases} and ${testCases} cases`],
    ...sums,
    ...seed === undefined ? [] : [`seed ${seed}`],
  ].join(", ");
}

/** What a record says of its data. Earlier ones took files for the original by their names. */
export function tellData({ problem, data }: { problem: string; data: string }): string {
  if (!data.startsWith("original")) return data;
  if (problem !== "mnist") return data.replace("original", unchecked);
  return areMNIST(data.match(/[0-9a-f]{64}/g) ?? []) ? data : data.replace("original", notMNIST);
}

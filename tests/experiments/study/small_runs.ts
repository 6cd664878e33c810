// Runs of seconds, and what is compared of them.

import { fileURLToPath } from "node:url";
import { decodeCheckpoint } from "../../../core/train/checkpoint.ts";
import type { Scratch } from "../scratch.ts";

/** A program of experiments/, and the flags of a run of seconds. */
export interface SmallRun {
  readonly program: string;
  readonly flags: readonly string[];
}

/** Four autoencoders on forty cases of seventeen values. */
export function smallAutoencoders(folder: Scratch): SmallRun {
  const row = (i: number) => Array.from({ length: 17 }, (_, j) => ((7 * i + 5 * j) % 11) / 10);
  const table = Array.from({ length: 40 }, (_, i) => row(i).join()).join("\n");
  const data = folder.write("cases.csv", new TextEncoder().encode(table));
  return {
    program: programPath("autoencoder"),
    flags: [
      ...["--problem", "custom", "--data", data, "--layers", "17,9,3", "--batch-size", "10"],
      ...["--optimizer", "nag,sgd", "--seed", "1,2", "--schedule-period", "20"],
      ...["--updates", "300", "--every", "32", "--finish", "50"],
    ],
  };
}

/** Two recurrent networks. */
export const smallRecurrentNetworks: SmallRun = {
  program: programPath("rnn"),
  flags: [
    ...["--length", "10", "--hidden", "9", "--fan-in", "4", "--batch-size", "5", "--seed", "1,2"],
    ...["--updates", "400", "--every", "64", "--eval-cases", "20", "--warm-up-updates", "100"],
  ],
};

function programPath(name: string): string {
  return fileURLToPath(new URL(`../../../experiments/${name}.ts`, import.meta.url));
}

/** All that a run leaves and that is the same in every one: bytes of files, bits of networks. */
export async function remains(out: string) {
  const text = (name: string) => Deno.readTextFileSync(`${out}/${name}`);
  const states = await Promise.all(
    stateNames(out).map(async (name) => {
      const { state } = await decodeCheckpoint(Deno.readFileSync(`${out}/${name}`));
      return { name, ...state };
    }),
  );
  return {
    curve: text("curve.csv"),
    summary: withoutTime(text("summary.csv")),
    settings: text("settings.csv"),
    chart: text("loss.svg"),
    network: Deno.readFileSync(`${out}/network.safetensors`),
    networks: names(out).filter((name) => name.startsWith("networks/")),
    updates: states.map(({ update }) => update),
    vectors: states.flatMap(({ replicas }) =>
      replicas.flatMap(({ parameters, states }) =>
        [parameters, ...Object.values(states).map(({ values }) => values)]
          .map(({ buffer }) => new Uint32Array(buffer))
      )
    ),
  };
}

/** The states that a folder keeps, as far as networks came and where a finish began. */
export function stateNames(out: string): string[] {
  return names(out).filter((name) => /^cells\/[-0-9a-f]+\.safetensors$/.test(name));
}

/** summary.csv without its updates per second, which stand before the cell. */
export function withoutTime(summary: string): string {
  return summary.replace(/,[^,\n]*(,(?:cell|[0-9a-f]{16})(?=[,\n]))/g, "$1");
}

/** Every file of a folder, byte for byte. */
export function snapshot(out: string): Record<string, Uint8Array> {
  return Object.fromEntries(names(out).map((name) => [name, Deno.readFileSync(`${out}/${name}`)]));
}

/** Puts the files of a folder back. */
export function restore(out: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) Deno.writeFileSync(`${out}/${name}`, bytes);
}

/** The files of a folder and those below it, in order. */
export function names(out: string): string[] {
  return [...Deno.readDirSync(out)].flatMap(({ name, isDirectory }) =>
    isDirectory ? names(`${out}/${name}`).map((below) => `${name}/${below}`) : [name]
  ).toSorted();
}

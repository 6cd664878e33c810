// The side of an engine: a process that reads a task, tells the losses of its first updates in one
// line of JSON, and then answers every line N on stdin with the seconds that N updates took, on the
// clock and of the process on all cores, and the line "error" with its error.

import { cpuUsage } from "node:process";
import { comparedUpdates, readTask, type Task, type TaskValues } from "./task.ts";

/** Something that trains the task. */
export interface Engine {
  /** One update; gives the loss where its gradient was taken. */
  step(): Promise<number>;
  /** `count` updates, all of them done when it returns. */
  run(count: number): Promise<void>;
  /** The error of the task on its first minibatches, see {@linkcode measured}, where NAG has got to. */
  error(): Promise<number>;
}

/** Serves the task in the folder that the last argument names, until stdin ends. */
export async function serve(
  open: (task: Task, values: TaskValues) => Promise<Engine>,
): Promise<void> {
  const { task, values } = await readTask(Deno.args[Deno.args.length - 1]);
  const engine = await open(task, values);
  const losses = [await engine.step()];
  const firstStep = performance.now() / 1000;
  while (losses.length < comparedUpdates) losses.push(await engine.step());
  console.log(JSON.stringify({ losses, firstStep }));
  for await (const line of linesOf(Deno.stdin.readable)) {
    if (line === "error") {
      console.log(JSON.stringify({ error: await engine.error() }));
      continue;
    }
    const [start, busy] = [performance.now(), cpuUsage()];
    await engine.run(Number(line));
    const { user, system } = cpuUsage(busy);
    const seconds = (performance.now() - start) / 1000;
    console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6 }));
  }
  Deno.exit(0);
}

/** Text in lines, the last one only where it is ended. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

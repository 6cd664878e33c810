import { assertEquals, assertRejects } from "@std/assert";
import { EngineProcess } from "./engine_process.ts";
import { median } from "./median.ts";
import { operationsOf } from "./operations.ts";
import { readTask, writeTask } from "./task.ts";
import {
  addingTask,
  autoencoderTask,
  convolutionalTask,
  recurrentTask,
  transformerTask,
} from "./tasks.ts";

Deno.test("median() gives the middle value", () => {
  assertEquals(median([10, 2, 9]), 9);
  assertEquals(median([10, 2, 9, 4]), 6.5);
});

Deno.test("operationsOf() counts the products of a step", () => {
  // 3-2 and 2-3: two forward, two weight gradients and one delta, each of 3 x 2 multiply-adds a case.
  assertEquals(operationsOf([3, 2], 10), 2 * 10 * 5 * 6);
});

Deno.test("readTask() reads what writeTask() wrote", async () => {
  for (
    const { task, values } of [
      autoencoderTask("curves"),
      recurrentTask({ steps: 3, batchSize: 2, hidden: 20 }),
      transformerTask({ blocks: 1, width: 4, heads: 2, steps: 3, batchSize: 2 }),
      convolutionalTask(),
      addingTask({ steps: 10, minibatches: 2, learningRate: 0.003, momentum: 0.9 }),
    ]
  ) {
    const folder = await Deno.makeTempDir();
    try {
      await writeTask(folder, task, values);
      assertEquals(await readTask(folder), { task, values });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

Deno.test("addingTask() has sequences of one length, whose targets are the means of two values", () => {
  const [steps, batch] = [10, 100];
  const { task, values } = addingTask({
    ...{ steps, minibatches: 3, learningRate: 0.003, momentum: 0.9 },
  });
  assertEquals(task.minibatches, 3);
  values.inputs.forEach((inputs, i) => {
    assertEquals(inputs.length, steps * batch * 2);
    // Centred: a value is its uniform number less a half, and a mark is the larger of two levels.
    const on = inputs.filter((_, at) => at % 2 === 1).reduce((a, b) => Math.max(a, b));
    for (let c = 0; c < batch; c++) {
      const marked = Array.from({ length: steps }, (_, t) => 2 * (t * batch + c))
        .filter((at) => inputs[at + 1] === on).map((at) => inputs[at] + 0.5);
      assertEquals(marked.length, 2);
      assertEquals(values.targets[i][c], (marked[0] + marked[1]) / 2);
    }
  });
});

function engine(code: string) {
  return { name: "test", command: [Deno.execPath(), "eval", "--no-config", code] };
}

Deno.test("EngineProcess passes over what is no answer", async () => {
  const process = await EngineProcess.start(
    engine(`
      console.log("a library says hello");
      console.log(JSON.stringify({ losses: [2, 1], firstStep: 0.5, note: "here" }));
      for await (const line of Deno.stdin.readable) {
        const isError = new TextDecoder().decode(line) === "error\\n";
        console.log(isError ? '{"error":0.25}' : '{"seconds":6,"cpuSeconds":9}');
      }
    `),
    "folder",
  );
  assertEquals(process.losses, [2, 1]);
  assertEquals(process.firstStep, 0.5);
  assertEquals(process.note, "here");
  assertEquals(await process.time(3), { wall: 2, cpu: 3 });
  assertEquals(await process.error(), 0.25);
  await process.end();
});

Deno.test("EngineProcess says why an engine cannot run", async () => {
  await assertRejects(
    () => EngineProcess.start(engine(`throw new Error("no such device");`), "folder"),
    Error,
    "no such device",
  );
});

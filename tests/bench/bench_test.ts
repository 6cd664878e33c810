import { assertEquals, assertRejects } from "@std/assert";
import { EngineProcess } from "./engine_process.ts";
import { median } from "./median.ts";
import { operationsOf } from "./operations.ts";
import { readTask, writeTask } from "./task.ts";
import { autoencoderTask, recurrentTask } from "./tasks.ts";

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

function engine(code: string) {
  return { name: "test", command: [Deno.execPath(), "eval", "--no-config", code] };
}

Deno.test("EngineProcess passes over what is no answer", async () => {
  const process = await EngineProcess.start(
    engine(`
      console.log("a library says hello");
      console.log(JSON.stringify({ losses: [2, 1], firstStep: 0.5, note: "here" }));
      for await (const _ of Deno.stdin.readable) console.log('{"seconds":6,"cpuSeconds":9}');
    `),
    "folder",
  );
  assertEquals(process.losses, [2, 1]);
  assertEquals(process.firstStep, 0.5);
  assertEquals(process.note, "here");
  assertEquals(await process.time(3), { wall: 2, cpu: 3 });
  await process.end();
});

Deno.test("EngineProcess says why an engine cannot run", async () => {
  await assertRejects(
    () => EngineProcess.start(engine(`throw new Error("no such device");`), "folder"),
    Error,
    "no such device",
  );
});

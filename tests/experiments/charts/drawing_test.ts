import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Draughtsman, Drawing } from "../../../experiments/charts/drawing.ts";
import type { DrawingOrder } from "../../../experiments/charts/drawing_order.ts";
import { lossChart } from "../../../experiments/charts/loss_chart.ts";
import { csvLine, readTable } from "../../../experiments/files/tables.ts";
import { beside, runDeno } from "../processes.ts";

const chart = { figure: "train_loss", figureTitle: "training loss", unit: "nats" };

/** The text of a table of two networks with so many reports each. */
function table(reports: number): string {
  const setting = ["problem", "optimizer", "mu", "learning_rate", "seed"];
  const lines = ["0.5", "0.9"].flatMap((mu) =>
    Array.from(
      { length: reports },
      (_, i) => csvLine(["curves", "nag", mu, 0.1, 1, 10 * i, 100 / (1 + i)]),
    )
  );
  return csvLine([...setting, "update", "train_loss"]) + lines.join("");
}

/** A clock and a draughtsman whose drawings last until they are let go. */
function bench() {
  const orders: DrawingOrder[] = [];
  const drawn: string[] = [];
  const waiting: PromiseWithResolvers<string>[] = [];
  let now_ms = 0, opened = 0, closed = 0;
  const draughtsman = (): Draughtsman => {
    opened++;
    return {
      draw(order) {
        orders.push(order);
        waiting.push(Promise.withResolvers());
        return waiting.at(-1)!.promise;
      },
      [Symbol.dispose]: () => void closed++,
    };
  };
  const drawing = new Drawing({
    draughtsman,
    now: () => now_ms,
    onDrawn: (svg) => void drawn.push(svg),
  });
  return {
    orders,
    drawn,
    drawing,
    at: (time_ms: number) => now_ms = time_ms,
    ask: (table: string) => drawing.request(() => ({ table, chart })),
    async end(act: (waiting: PromiseWithResolvers<string>) => void) {
      act(waiting.at(-1)!);
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
    counts: () => ({ opened, closed }),
  };
}

Deno.test("Drawing waits ten times as long as the last drawing took, from its beginning", async () => {
  const { orders, drawn, at, ask, end, counts } = bench();
  // The first one is taken to last a second.
  at(9_999), ask("a");
  assertEquals([orders.length, counts().opened], [0, 0]);
  at(10_000), ask("b");
  at(60_000), ask("c"); // the one before has not ended
  assertEquals(orders.map(({ table }) => table), ["b"]);
  at(63_000);
  await end(({ resolve }) => resolve("one"));
  at(539_999), ask("d"); // 53 s were taken
  at(540_000), ask("e"), ask("f");
  at(540_100);
  await end(({ resolve }) => resolve("two"));
  at(540_999), ask("g");
  at(541_000), ask("h");
  assertEquals(orders.map(({ table }) => table), ["b", "e", "h"]);
  assertEquals(drawn, ["one", "two"]);
  assertEquals(counts(), { opened: 1, closed: 0 });
});

Deno.test("Drawing asks for the rows only when they will be drawn", () => {
  const { drawing, at } = bench();
  at(9_000);
  drawing.request(() => {
    throw new Error("asked too early");
  });
});

Deno.test("Drawing waits for the current drawing, then draws the last one at once", async () => {
  const { drawing, orders, drawn, at, ask, end, counts } = bench();
  at(10_000), ask("a");
  const finished = drawing.finish({ table: "all", chart });
  ask("late");
  await end(({ resolve }) => resolve("one"));
  assertEquals(orders.map(({ table }) => table), ["a", "all"]);
  await end(({ resolve }) => resolve("last"));
  assertEquals(await finished, "last");
  assertEquals(drawn, ["one"]);
  assertEquals(counts(), { opened: 1, closed: 1 });
});

Deno.test("Drawing draws once at the end where drawing elsewhere fails or cannot be", async () => {
  const text = table(3);
  const expected = await lossChart(readTable(text), chart);

  const failing = bench();
  failing.at(10_000), failing.ask(text);
  await failing.end(({ reject }) => reject(new Error("no memory")));
  failing.at(1e9), failing.ask(text);
  assertEquals(await failing.drawing.finish({ table: text, chart }), expected);
  assertEquals([failing.orders.length, failing.drawn], [1, []]);
  assertEquals(failing.counts(), { opened: 1, closed: 1 });

  let now_ms = 0;
  const none = new Drawing({
    draughtsman: () => undefined,
    now: () => now_ms,
    onDrawn: () => assertEquals("drawn", "never"),
  });
  now_ms = 10_000;
  none.request(() => ({ table: text, chart }));
  assertEquals(await none.finish({ table: text, chart }), expected);
});

Deno.test("Drawing ends its worker where the training fails", async () => {
  const { drawing, drawn, at, ask, end, counts } = bench();
  at(10_000), ask("a");
  drawing[Symbol.dispose]();
  await end(({ resolve }) => resolve("one"));
  assertEquals([drawn, counts()], [[], { opened: 1, closed: 1 }]);
});

Deno.test("a worker draws what lossChart() draws", async () => {
  const texts = [table(2), table(30)];
  const diverged = [{ mu: "0.5", seed: "1" }];
  let now_ms = 0;
  const { promise, resolve } = Promise.withResolvers<string>();
  using drawing = new Drawing({ now: () => now_ms, onDrawn: resolve });
  now_ms = 10_000;
  drawing.request(() => ({ table: texts[0], chart }));
  assertEquals(await promise, await lossChart(readTable(texts[0]), chart));
  const last = await drawing.finish({ table: texts[1], chart, diverged });
  const isDiverged = ({ mu }: { mu?: string }) => mu === "0.5";
  assertEquals(last, await lossChart(readTable(texts[1]), { ...chart, isDiverged }));
  assertMatch(last, /1 diverged/);
});

Deno.test("a worker that cannot draw an order ends nothing, and the end says why", async () => {
  let now_ms = 0;
  using drawing = new Drawing({ now: () => now_ms, onDrawn: () => {} });
  now_ms = 10_000;
  const order = { table: "update,train_loss\n0\n", chart };
  drawing.request(() => order);
  await assertRejects(() => drawing.finish(order), Error, "fields");
});

Deno.test("without leave to read its modules no worker is started, and nothing is said", async () => {
  const program = beside("charts/drawing_program.ts");
  for (const [permission, drawn] of [["--allow-read=results", 0], ["--allow-read", 1]] as const) {
    const { status, stdout, stderr } = await runDeno(["run", "--no-prompt", permission, program]);
    assertEquals({ status, stdout, stderr }, { status: 0, stdout: `${drawn} <svg\n`, stderr: "" });
  }
});

import { assertEquals, assertNotEquals } from "@std/assert";
import type { Gpu } from "../../core/gpu/gpu.ts";
import { openGPU } from "../../core/gpu/open.ts";
import { Plan } from "../../core/gpu/plan.ts";
import type { Choice } from "../../core/gpu/plan.ts";
import type { TuningStore } from "../../core/gpu/tuning.ts";
import { matmul } from "../../core/ops/matmul.ts";
import type { Tile } from "../../core/ops/tile.ts";
import { sgd } from "../../core/optim/sgd.ts";
import type { Model } from "../../core/graph/model.ts";
import { Problem } from "../models/problem.ts";
import { bitsOf, history, open, replica } from "../train/training.ts";
import { Bench, draw } from "./fixture.ts";

/** A store in memory, and what became of it. */
class Store implements TuningStore {
  readonly texts = new Map<string, string>();
  saves = 0;

  load(adapter: string): string | undefined {
    return this.texts.get(adapter);
  }

  save(adapter: string, text: string): void {
    this.texts.set(adapter, text);
    this.saves++;
  }
}

/** Registers a test on a GPU that keeps what it measures in a store of its own. */
function tuningTest(
  name: string,
  body: (bench: Bench, store: Store) => Promise<void> | void,
): void {
  Deno.test(name, async () => {
    const store = new Store();
    using gpu = await openGPU({ tuning: store });
    if (!gpu.hasTimestamps) return assertEquals(gpu.tuning, undefined);
    const bench = new Bench(gpu);
    try {
      await body(bench, store);
    } finally {
      bench.free();
      await gpu.settle();
    }
    assertEquals(gpu.allocatedBytes, 0, "bytes on the GPU that were not given back");
  });
}

/** Loops so often that even the coarsest timestamps tell the variants apart. */
function loops(bench: Bench, variants: readonly number[]): Choice<number> {
  const out = bench.buffer(new Uint32Array(64));
  const kernel = bench.gpu.kernel("loops", [`
    @group(0) @binding(0) var<uniform> count: vec4u;
    @group(0) @binding(1) var<storage, read_write> out: array<u32>;
    @compute @workgroup_size(64)
    fn main(@builtin(local_invocation_index) lane: u32) {
      var x = lane;
      for (var i = 0u; i < count.x; i++) { x = 1664525 * x + 1013904223; }
      out[lane] = x;
    }`]);
  return {
    key: "loops",
    variants,
    fallback: variants[0],
    record: (plan, variant) => {
      const count = [variant, 0, 0, 0];
      plan.dispatch(kernel, { count, out }, { groups: [1, 1, 1], iterations: variant });
    },
  };
}

tuningTest(
  "Plan.choose() gives the fallback until Tuning.decide() found the fastest",
  async (bench, store) => {
    const { gpu } = bench;
    const choice = loops(bench, [60_000, 10, 30_000]);
    const plan = new Plan(gpu);
    assertEquals([plan.choose(choice), plan.choose(choice)], [60_000, 60_000]);
    assertEquals(plan.undecided, [choice]);
    assertEquals(plan.length, 0);
    await gpu.tuning!.decide(plan.undecided);
    const next = new Plan(gpu);
    assertEquals(next.choose(choice), 10);
    assertEquals([next.undecided, store.saves], [[], 1]);
  },
);

tuningTest("Plan.choose() has nothing measured where there is one variant", ({ gpu }) => {
  const plan = new Plan(gpu);
  const record = () => {};
  assertEquals(plan.choose({ key: "one", variants: ["a"], fallback: "a", record }), "a");
  assertEquals(plan.undecided, []);
});

tuningTest("Tuning keeps what it found for the next run", async (bench, store) => {
  const choice = loops(bench, [60_000, 10]);
  await bench.gpu.tuning!.decide([choice]);
  using again = await openGPU({ tuning: store });
  const plan = new Plan(again);
  assertEquals([plan.choose(choice), plan.undecided, store.saves], [10, [], 1]);
  // Another use of the same adapter is another adapter, and has variants of its own.
  using other = await openGPU({ tuning: store, operands: otherOperands(bench.gpu) });
  assertEquals(new Plan(other).choose(choice), 60_000);
  assertEquals(plan.choose({ ...choice, variants: [60_000, 20] }), 60_000);
});

function otherOperands({ operands }: Gpu): "buffers" | "textures" {
  return operands === "buffers" ? "textures" : "buffers";
}

for (const damage of ["", "{", "null", "7", '{"loops":7}', '{"loops":"11"}', '["10"]']) {
  tuningTest(
    `Tuning passes over a store that holds ${damage || "no text"}`,
    async (bench, store) => {
      const choice = loops(bench, [60_000, 10]);
      await bench.gpu.tuning!.decide([choice]);
      const [[adapter, whole]] = store.texts;
      assertNotEquals(whole, damage);
      store.texts.set(adapter, damage);
      using again = await openGPU({ tuning: store });
      const plan = new Plan(again);
      assertEquals([plan.choose(choice), plan.undecided], [60_000, [choice]]);
    },
  );
}

tuningTest("Tuning changes no bit of a product", async (bench) => {
  const [m, k, n] = [33, 70, 41];
  const [a, b] = [bench.matrix(m, k, draw(m * k, 1)), bench.matrix(k, n, draw(k * n, 2))];
  const out = bench.matrix(m, n);
  const tiles: Tile[] = [[1, 1], [2, 1], [2, 2]].map(([rows, columns]) => (
    { rows, columns, workgroup: 8 }
  ));
  const results: Float32Array[] = [];
  for (const fallback of tiles) {
    const choice: Choice<Tile> = {
      key: `product by ${JSON.stringify(fallback)}`,
      variants: tiles,
      fallback,
      record: (plan, tile) => matmul(plan, { a, b, out }, tile),
    };
    for (const isMeasured of [false, true]) {
      const plan = bench.run((plan) => choice.record(plan, plan.choose(choice)));
      results.push(await bench.values(out));
      assertEquals(plan.undecided.length, isMeasured ? 0 : 1);
      await bench.gpu.tuning!.decide(plan.undecided);
    }
  }
  for (const result of results) assertEquals(result, results[0]);
});

/** Has the model record a choice after its gradient, and tells what was chosen. */
function addChoice(model: Model, choice: Choice<number>): number[] {
  const chosen: number[] = [];
  const build = model.build.bind(model);
  model.build = (...args) => {
    const graph = build(...args);
    const recordGradient = graph.recordGradient.bind(graph);
    graph.recordGradient = (plan, inputs) => {
      recordGradient(plan, inputs);
      const variant = plan.choose(choice);
      choice.record(plan, variant);
      chosen.push(variant);
    };
    return graph;
  };
  return chosen;
}

tuningTest(
  "Trainer.open() records what it measured to be fastest, and learns the same",
  async (bench) => {
    const replicas = [replica(1, sgd({ learningRate: 0.2 }))];
    const modelOf = () => new Problem(bench, { layers: [17, 9, 3], cases: 23 }).model;
    const train = async (model: Model) => {
      const trainer = await open(bench, { model, replicas, batchSize: 5 });
      const reports = await history(trainer, { updates: 7, evalCases: 12 });
      return { reports, bits: await bitsOf(trainer) };
    };
    const tuned = modelOf();
    const chosen = addChoice(tuned, loops(bench, [60_000, 10]));
    assertEquals(await train(tuned), await train(modelOf()));
    assertEquals(chosen, [60_000, 10]);
  },
);

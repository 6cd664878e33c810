// An update within the products that give its gradient has the bits of one behind them. Whoever asks for
// norms of gradients has them stored, and the update apart.

import { assertEquals, assertNotEquals } from "@std/assert";
import { openGPU } from "../../core/gpu/open.ts";
import type { Model } from "../../core/graph/model.ts";
import { dense } from "../../core/layers/dense.ts";
import { layerNorm } from "../../core/layers/layer_norm.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { examples } from "../../core/data/examples.ts";
import { softmaxCrossEntropy } from "../../core/graph/losses.ts";
import { network } from "../../core/graph/network.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { adan } from "../../core/optim/adan.ts";
import type { Optimizer, RecordedFamily } from "../../core/optim/family.ts";
import { muon } from "../../core/optim/muon.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { restartedNesterov } from "../../core/optim/restart.ts";
import { sgd } from "../../core/optim/sgd.ts";
import type { TrainerOptions } from "../../core/train/trainer.ts";
import { rnn } from "../../models/rnn.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { Problem } from "../models/problem.ts";
import { open, replica } from "./training.ts";

const batchSize = 4;
const learningRate = 0.1;

const slow: Optimizer = nesterov({
  ...{ learningRate, momentum: 0.9 },
  groups: [{ match: ({ isBias }) => isBias === true, settings: { momentum: 0.5 } }],
});
const nag = nesterov({ learningRate, momentum: 0.9 });
const of4States = adan({ learningRate: 0.01 });

/** Odd sizes, with weight decay: 17, 129 and 3 units beside single ones. */
const deep = (bench: Bench) =>
  new Problem(bench, { layers: [17, 129, 3, 1], cases: 12, l2: 0.25 }).model;

/** Tensors that no product gives: scales and shifts. */
const normed = () =>
  network({
    source: examples({
      train: { inputs: { data: draw(4 * 3, 1), width: 3 }, targets: [0, 1, 1, 0] },
    }),
    layers: sequential(
      dense({ units: 9, activation: "tanh" }),
      layerNorm(),
      dense({ units: 5, activation: "relu" }),
      dense({ units: 2 }),
    ),
    loss: softmaxCrossEntropy,
  });

const recurrent = () => rnn({ hidden: 9, task: markedTask({ problem: "add", length: 10 }) });

interface Row {
  model?: (bench: Bench) => Model;
  optimizers: readonly Optimizer[];
  /** Dispatches that fall away: of buffers, and of textures. */
  fewer: readonly [number, number];
}

const rows: Readonly<Record<string, Row>> = {
  "no state": { optimizers: [sgd({ learningRate })], fewer: [1, 1] },
  "one state": { optimizers: [nag], fewer: [1, 1] },
  "four states": { optimizers: [of4States], fewer: [1, 1] },
  "groups of tensors": { optimizers: [slow], fewer: [1, 1] },
  "three networks": { optimizers: [nag, slow, nag], fewer: [1, 1] },
  // A dispatch of products a family more, and an update a family less.
  "several families": {
    optimizers: [nag, sgd({ learningRate }), nag, adamW({ learningRate: 0.01 })],
    fewer: [3 - 2 * 2, 3 - 2 * 6],
  },
  // Scales and shifts keep a dispatch.
  "layer norm": { model: normed, optimizers: [nag, nag], fewer: [0, 0] },
  "a recurrence": { model: recurrent, optimizers: [nag], fewer: [1, 1] },
  // What measures gradients, or moves matrices, has them stored.
  "a measure": { optimizers: [restartedNesterov({ learningRate })], fewer: [0, 0] },
  "a matrix": { optimizers: [nag, muon({ learningRate })], fewer: [0, 0] },
};

/** The bits of all that five updates leave, and the dispatches of one. */
async function outcome(bench: Bench, row: Row, options: Partial<TrainerOptions>) {
  const { model = deep, optimizers } = row;
  const replicas = optimizers.map((optimizer, r) => replica(r, optimizer));
  const trainer = await open(bench, { model: model(bench), replicas, batchSize, ...options });
  const losses = [];
  for await (const report of trainer.run({ updates: 5, every: 1, evalCases: 0 })) {
    losses.push(report.replicas.map(({ trainLoss }) => trainLoss));
  }
  const { replicas: states } = await trainer.save();
  return { dispatches: trainer.dispatchesPerUpdate, learned: { losses, states } };
}

for (const [what, row] of Object.entries(rows)) {
  gpuTest(`an update within products has the bits of one by itself: ${what}`, async (bench) => {
    const [within, apart] = [
      await outcome(bench, row, {}),
      await outcome(bench, row, { gradientNorm: true }),
    ];
    assertEquals(within.learned, apart.learned);
    const fewer = row.fewer[bench.gpu.operands === "buffers" ? 0 : 1];
    assertEquals(apart.dispatches - within.dispatches, fewer);
  });
}

gpuTest("an update within products has the bits of one behind clipped gradients", async (bench) => {
  const row = { optimizers: [nag, of4States, nag], fewer: [0, 0] } as const;
  const within = await outcome(bench, row, {});
  const apart = await outcome(bench, row, { clipNorm: 1e30 });
  assertEquals(within.learned, apart.learned);
  const clipped = await outcome(bench, row, { clipNorm: 1e-3 });
  assertNotEquals(within.learned, clipped.learned);
});

gpuTest("an update within products marks networks that are not finite", async (bench) => {
  const wild = sgd({ learningRate: 1e38 });
  const row = { optimizers: [nag, wild, nag], fewer: [0, 0] } as const;
  const within = await outcome(bench, row, {});
  assertEquals(within.learned, (await outcome(bench, row, { gradientNorm: true })).learned);
  const [first, second, third] = within.learned.states;
  assertEquals([first.divergedAt, third.divergedAt], [undefined, undefined]);
  assertEquals(typeof second.divergedAt, "number");
});

gpuTest("a family that records more than its lines has its gradient stored", async (bench) => {
  const family = nag.family as RecordedFamily;
  let updates = 0;
  const counted: RecordedFamily = {
    ...family,
    record(plan, update) {
      updates++;
      family.record(plan, update);
    },
  };
  const row = { optimizers: [{ ...nag, family: counted }], fewer: [0, 0] } as const;
  const { learned } = await outcome(bench, row, {});
  assertNotEquals(updates, 0);
  assertEquals(learned, (await outcome(bench, { ...row, optimizers: [nag] }, {})).learned);
});

Deno.test("an update of four states is by itself where a stage binds 8 buffers", async () => {
  const adapter = (await navigator.gpu.requestAdapter())!;
  const learned = [];
  for (const device of [await adapter.requestDevice(), undefined]) {
    using gpu = await openGPU({ operands: "buffers", ...device && { device, adapter } });
    const bench = new Bench(gpu);
    try {
      const [four, one] = [
        await outcome(bench, { optimizers: [of4States], fewer: [0, 0] }, {}),
        await outcome(bench, { optimizers: [nag], fewer: [0, 0] }, {}),
      ];
      assertEquals(four.dispatches - one.dispatches, device ? 1 : 0);
      learned.push(four.learned, one.learned);
    } finally {
      bench.free();
      await gpu.settle();
      device?.destroy();
    }
  }
  assertEquals(learned.slice(0, 2), learned.slice(2));
});

import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { Gpu } from "../../core/gpu/gpu.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { type Elementwise, elementwise } from "../../core/optim/elementwise.ts";
import type { Family, Optimizer } from "../../core/optim/family.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { identifiersOf } from "../../core/optim/wgsl_names.ts";
import { Bench, gpuTest } from "../gpu/fixture.ts";
import { bowls, openOn, train } from "./tensors.ts";

const shapes = [{ rows: 3, columns: 5 }, { rows: 1, columns: 5, bias: true }];

const plain: Elementwise = {
  name: "mine",
  states: { mean: "zeros" },
  scalars: ["rate"],
  body: "mean = gradient; parameters -= rate * mean;",
};

function optimizerOf(family: Family): Optimizer {
  const settings = Object.fromEntries(family.settings.map(({ name }) => [name, 0.1]));
  return { name: family.name, family, settings };
}

/** Refused by open() with one line, and nothing is trained or kept. */
async function refused(bench: Bench, optimizer: Optimizer, message: string | RegExp) {
  const { allocatedBytes } = bench.gpu;
  const error = await assertRejects(() => openOn(bench, bowls(shapes), [optimizer]), InputError);
  assertMatch(error.message, typeof message === "string" ? new RegExp(escape(message)) : message);
  assertEquals(error.message.includes("\n"), false, error.message);
  await bench.gpu.settle();
  assertEquals(bench.gpu.allocatedBytes, allocatedBytes);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

gpuTest("a body that does not compile is placed by family, line and column", async (bench) => {
  const bodies: [string, RegExp][] = [
    ["mean = gradient;\nparameters -= rate * men;", /^mine: line 2, column 22 of its body: .*men/],
    ["  mean = gradient; parameters -= rat * mean * rate;", /^mine: line 1, column 34 of its body/],
    [
      "mean = gradient;\n\nparameters = rate;\nmean = mean;",
      /^mine: line 3, column \d+ of its body/,
    ],
    ["mean = gradient; parameters -= rate * mean; }", /^mine: /],
  ];
  for (const [body, message] of bodies) {
    await refused(bench, optimizerOf(elementwise({ ...plain, body })), message);
  }
  // What follows is not told of it.
  const trainer = await openOn(bench, bowls(shapes), [optimizerOf(elementwise(plain))]);
  await train(trainer, 1);
});

Deno.test("elementwise() refuses names that a body does not use, comments left out", () => {
  const body = "// mean\n/* mean\n */ parameters -= rate * gradient; let a = b.mean;";
  const message = 'the body of mine does not use "mean": use it, or leave it out';
  assertThrows(() => elementwise({ ...plain, body }), InputError, message);
  const unused = { ...plain, scalars: ["rate", "beta"] };
  assertThrows(() => elementwise(unused), InputError, 'does not use "beta"');
});

Deno.test("elementwise() refuses names that stand twice or that WGSL has taken", () => {
  const cases: [Partial<Elementwise>, string][] = [
    [{ scalars: ["rate", "mean"] }, 'mine names "mean" twice'],
    [{ scalars: ["rate", "rate"] }, 'mine names "rate" twice'],
    [{ states: { gradient: "zeros" } }, 'mine names "gradient" twice'],
    [{ states: { loop: "zeros" } }, '"loop" of mine is a word that WGSL keeps for itself'],
    [{ states: { final: "zeros" } }, '"final" of mine is a word that WGSL keeps for itself'],
    [{ states: { vec4f: "zeros" } }, '"vec4f" of mine is a word that WGSL keeps for itself'],
    [{ states: { nagare_mean: "zeros" } }, 'begins with "nagare_"'],
    [{ states: { "my mean": "zeros" } }, '"my mean" of mine is no name in WGSL'],
    [{ states: { "2nd": "zeros" } }, "is no name in WGSL"],
    [
      { states: { sign: "zeros" }, body: "sign = sign(gradient); parameters -= rate * sign;" },
      '"sign" of mine is a function that its body calls',
    ],
  ];
  for (const [part, message] of cases) {
    assertThrows(() => elementwise({ ...plain, ...part }), InputError, message);
  }
});

Deno.test("identifiersOf() leaves out comments, members and numbers", () => {
  const { all, called } = identifiersOf(
    "let a = fma(b.xyz, 1e5, c_1) ; // d\n/* e\nf() */ step (g, 0x1p3f);",
  );
  assertEquals([...all], ["let", "a", "fma", "b", "c_1", "step", "g"]);
  assertEquals([...called], ["fma", "step"]);
});

gpuTest("a body calls whatever WGSL has: step(), sign(), min()", async (bench) => {
  const family = elementwise({
    ...plain,
    body:
      "mean = step(gradient, vec4f()) + sign(gradient); parameters -= rate * min(mean, gradient);",
  });
  await train(await openOn(bench, bowls(shapes), [optimizerOf(family)]), 2);
});

gpuTest("a group that matches no tensor is refused with the tensors there are", async (bench) => {
  const optimizer = nesterov({
    learningRate: 0.1,
    momentum: 0.9,
    groups: [
      { match: ({ isBias }) => isBias === true, settings: { momentum: 0 } },
      { match: ({ name }) => name === "weights 7", settings: { momentum: 0 } },
    ],
  });
  const message = 'group 2 of nag matches no tensor: the network has "tensor 0", "tensor 1"';
  await refused(bench, optimizer, message);
});

gpuTest("settings are refused at open() as where they were given", async (bench) => {
  const given = nesterov({ learningRate: 0.1, momentum: 0.9 });
  const cases: [Optimizer, string][] = [
    [{ ...given, settings: { ...given.settings, momentum: 2 } }, "not 2"],
    [{ ...given, settings: { learningRate: 0.1 } }, "nag needs a momentum: give momentum"],
    [{ ...given, settings: { ...given.settings, beta: 1 } }, 'nag has no setting "beta", only'],
    [
      { ...given, settings: { ...given.settings, momentum: () => NaN } },
      "the momentum at update 0 must be at least 0 and below 1, not NaN",
    ],
    [
      { ...given, groups: [{ match: () => true, settings: { learningRate: -1 } }] },
      "the learning rate must be above 0, not -1",
    ],
  ];
  for (const [optimizer, message] of cases) await refused(bench, optimizer, message);
});

/** A device that says to bind fewer buffers or textures in a kernel than it does. */
function withLimits(gpu: Gpu, limits: Partial<Record<keyof GPUSupportedLimits, number>>): Gpu {
  const device = new Proxy(gpu.device, {
    get(target, name) {
      if (name === "limits") {
        return new Proxy(target.limits, {
          get: (of, limit) =>
            limits[limit as keyof GPUSupportedLimits] ?? Reflect.get(of, limit, of),
        });
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return new Gpu(device, gpu.info, { owned: false, operands: gpu.operands });
}

/** A family of so many states. */
function statesOf(count: number): Family {
  const names = Array.from({ length: count }, (_, i) => `state${i}`);
  const moves = names.map((name) => `${name} += gradient;`).join(" ");
  return elementwise({
    ...plain,
    states: Object.fromEntries(names.map((name) => [name, "zeros"])),
    body: `${moves} parameters -= rate * (${names.join(" + ")});`,
  });
}

gpuTest("more states than the adapter binds are refused, with how many fit", async ({ gpu }) => {
  const eight = withLimits(gpu, { maxStorageBuffersPerShaderStage: 8 });
  const { limits } = gpu.device;
  const textures = gpu.operands === "textures" && limits.maxStorageTexturesPerShaderStage > 4;
  // Eight buffers hold the parameters, the mark, the step and, unless it is a texture, the gradient.
  const fit = textures ? 5 : 4;
  const bench = new Bench(eight);
  try {
    await train(await openOn(bench, bowls(shapes), [optimizerOf(statesOf(fit))]), 1);
    const message = `mine needs 9 storage buffers in one kernel; this adapter allows 8, so that ` +
      `${fit} states fit`;
    await refused(bench, optimizerOf(statesOf(fit + 1)), message);
  } finally {
    bench.free();
  }
});

gpuTest("a body runs on buffers where only the textures do not fit", async (bench) => {
  const few = new Bench(withLimits(bench.gpu, { maxStorageTexturesPerShaderStage: 4 }));
  try {
    for (const optimizer of [adamW(), optimizerOf(statesOf(4))]) {
      const [a, b] = [
        await openOn(few, bowls(shapes), [optimizer]),
        await openOn(bench, bowls(shapes), [optimizer]),
      ];
      await train(a, 3);
      await train(b, 3);
      assertEquals(await a.theta(), await b.theta());
    }
  } finally {
    few.free();
  }
});

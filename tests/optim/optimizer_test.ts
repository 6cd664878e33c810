import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { classicalMomentum, classicalMomentumFamily } from "../../core/optim/classical_momentum.ts";
import type { Family, Numbers, Settings } from "../../core/optim/family.ts";
import { nesterov, nesterovFamily } from "../../core/optim/nesterov.ts";
import { checkSettings, optimizerOf, settingsAt, settingsOf } from "../../core/optim/optimizer.ts";
import { sgd, sgdFamily } from "../../core/optim/sgd.ts";
import type { TensorShape } from "../../core/gpu/vector.ts";

const learningRate = (step: number) => 1 / (step + 1);
const momentum = (step: number) => step / 10;

/** The scalars of the updates up to `last`, the states having begun at update 0. */
function scalarsUpTo(last: number, { family, settings }: {
  family: Family;
  settings: Settings;
}): Numbers[] {
  let running = family.running ?? {};
  return Array.from({ length: last + 1 }, (_, update) => {
    const [now, next] = [0, 1].map((later) => settingsAt(family, settings, update + later));
    const computed = family.compute(now, next, running, update);
    running = computed.running;
    assertEquals(Object.keys(computed.scalars), [...family.scalars]);
    return computed.scalars;
  });
}

Deno.test("compute() of sgd() has a learning rate alone", () => {
  assertEquals(scalarsUpTo(3, sgd({ learningRate }))[3], { learning_rate: 0.25 });
});

Deno.test("compute() of classicalMomentum() takes the gradient at theta", () => {
  assertEquals(scalarsUpTo(3, classicalMomentum({ learningRate, momentum }))[3], {
    learning_rate: 0.25,
    momentum: 0.3,
    lead: 0,
    next_lead: 0,
  });
});

Deno.test("compute() of nesterov() leads by the momentum of this update and of the next", () => {
  const scalars = scalarsUpTo(3, nesterov({ learningRate, momentum: (step) => 0.5 + step / 16 }));
  assertEquals(scalars[3], {
    learning_rate: 0.25,
    momentum: 0.6875,
    lead: 0.6875,
    next_lead: 0.75,
  });
  assertEquals(scalars[0].lead, 0); // there is no velocity yet
  const { theta, lead } = nesterovFamily;
  assertEquals(theta!(scalars[3]), { parameters: 1, velocity: -0.75 });
  assertEquals(lead!({ learningRate: 1, momentum: 0.5 }, { lead: 0.75 }), {
    theta: { parameters: 1, velocity: -0.5 },
    running: { lead: 0.5 },
  });
});

Deno.test("compute() of nesterov() takes back the lead that it gave, whatever a schedule says", () => {
  // It says something else each time it is asked.
  let asked = 0;
  const scalars = scalarsUpTo(5, nesterov({ learningRate: 1, momentum: () => ++asked % 7 / 8 }));
  scalars.slice(1).forEach(({ lead }, i) => assertEquals(lead, scalars[i].next_lead));
});

Deno.test("sgd(), classicalMomentum() and nesterov() take numbers at every update", () => {
  assertEquals(settingsAt(sgdFamily, sgd({ learningRate: 0.5 }).settings, 1000), {
    learningRate: 0.5,
  });
  for (const optimizer of [classicalMomentum, nesterov]) {
    const { name, family, settings } = optimizer({ learningRate: 0.5, momentum: 0.25 });
    const both = { learningRate: 0.5, momentum: 0.25 };
    assertEquals(settings, both);
    assertEquals(settingsAt(family, settings, 7), both);
    assertEquals(name, optimizer === nesterov ? "nag" : "cm");
    assertEquals(family, optimizer === nesterov ? nesterovFamily : classicalMomentumFamily);
  }
});

const family: Family = {
  ...nesterovFamily,
  name: "mine",
  settings: [
    { name: "learningRate", above: 0, help: "" },
    { name: "weightDecay", default: 0.5, atLeast: 0, weightsOnly: true, help: "" },
    { name: "every", default: 5, atLeast: 1, whole: true, help: "" },
    { name: "nu", default: 1, atMost: 1, help: "" },
    { name: "shift", default: 0, help: "" },
  ],
};

Deno.test("optimizerOf() fills in defaults, for what is undefined as well", () => {
  const defaults = { weightDecay: 0.5, every: 5, nu: 1, shift: 0 };
  const { name, settings, groups } = optimizerOf(family, {
    learningRate: 1,
    weightDecay: undefined,
  });
  assertEquals([name, settings, groups], ["mine", { ...defaults, learningRate: 1 }, undefined]);
});

Deno.test("optimizerOf() refuses what its family does not have, misses or does not allow", () => {
  const refusals: [given: Record<string, unknown>, says: string][] = [
    [{ learningRate: 1, momentum: 0.9 }, 'mine has no setting "momentum", only learningRate, '],
    [{}, "mine needs a learning rate: give learningRate"],
    [{ learningRate: undefined }, "mine needs a learning rate: give learningRate"],
    [{ learningRate: NaN }, "the learning rate must be above 0, not NaN"],
    [{ learningRate: -1 }, "the learning rate must be above 0, not -1"],
    [{ learningRate: 0 }, "the learning rate must be above 0, not 0"],
    [{ learningRate: Infinity }, "the learning rate must be above 0, not Infinity"],
    [{ learningRate: "0.1" }, "the learning rate must be above 0, not a string"],
    [{ learningRate: null }, "the learning rate must be above 0, not null"],
    [{ learningRate: {} }, "the learning rate must be above 0, not an object"],
    [{ learningRate: 1, weightDecay: -0.5 }, "the weight decay must be at least 0, not -0.5"],
    [{ learningRate: 1, every: 2.5 }, "the every must be a whole number at least 1, not 2.5"],
    [{ learningRate: 1, every: 0 }, "the every must be a whole number at least 1, not 0"],
    [{ learningRate: 1, nu: 1.5 }, "the nu must be at most 1, not 1.5"],
    [{ learningRate: 1, shift: NaN }, "the shift must be a finite number, not NaN"],
    [
      { learningRate: 1, groups: [{ match: () => true, settings: { rate: 1 } }] },
      'mine has no setting "rate"',
    ],
    [
      { learningRate: 1, groups: [{ match: () => true, settings: { learningRate: -1 } }] },
      "the learning rate must be above 0, not -1",
    ],
  ];
  for (const [given, says] of refusals) {
    assertThrows(() => optimizerOf(family, given), InputError, says);
  }
});

Deno.test("classicalMomentum() and nesterov() refuse a momentum outside of [0, 1)", () => {
  for (const optimizer of [classicalMomentum, nesterov]) {
    for (const momentum of [1, 2, -1, -0.1, NaN]) {
      assertThrows(
        () => optimizer({ learningRate: 0.1, momentum }),
        InputError,
        `the momentum must be at least 0 and below 1, not ${momentum}`,
      );
    }
    // As JavaScript may give it.
    const text = { learningRate: 0.1, momentum: "0.9" as unknown as number };
    assertThrows(() => optimizer(text), InputError, "below 1, not a string");
    const missing = { learningRate: 0.1 } as Parameters<typeof optimizer>[0];
    assertThrows(() => optimizer(missing), InputError, "needs a momentum: give momentum");
  }
});

Deno.test("settingsAt() refuses what a schedule gives, and says at which update", () => {
  const settings = (momentum: (step: number) => unknown) =>
    nesterov({ learningRate: 0.1, momentum: momentum as (step: number) => number }).settings;
  const wrong: [value: unknown, shown: string][] = [
    [NaN, "NaN"],
    [1, "1"],
    [-0.5, "-0.5"],
    [undefined, "undefined"],
    ["0.9", "a string"],
  ];
  for (const [value, shown] of wrong) {
    const given = settings((step) => step < 4 ? 0.5 : value);
    assertEquals(settingsAt(nesterovFamily, given, 3).momentum, 0.5);
    assertThrows(
      () => settingsAt(nesterovFamily, given, 4).momentum,
      InputError,
      `the momentum at update 4 must be at least 0 and below 1, not ${shown}`,
    );
  }
});

Deno.test("checkSettings() takes some of the settings alone", () => {
  checkSettings(nesterovFamily, { momentum: 0.5 });
  checkSettings(nesterovFamily, {});
  assertThrows(() => checkSettings(sgdFamily, { momentum: 0.5 }), InputError, "only learningRate");
});

Deno.test("settingsOf() lets later groups win, and decays no biases", () => {
  const optimizer = optimizerOf(family, {
    learningRate: 1,
    groups: [
      { match: ({ name }: TensorShape) => name !== "first", settings: { nu: 0.5, shift: 1 } },
      { match: ({ isBias }: TensorShape) => isBias === true, settings: { nu: 0.25 } },
    ],
  });
  const shape = { rows: 1, columns: 3 };
  const held = (tensor: TensorShape) => {
    const { weightDecay, nu, shift } = settingsOf(optimizer, tensor);
    return [weightDecay, nu, shift];
  };
  assertEquals(held({ name: "first", ...shape }), [0.5, 1, 0]);
  assertEquals(held({ name: "second", ...shape }), [0.5, 0.5, 1]);
  assertEquals(held({ name: "biases", ...shape, isBias: true }), [0, 0.25, 1]);
});

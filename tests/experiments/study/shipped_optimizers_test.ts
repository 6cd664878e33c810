import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { flagOf, kindOf, optimizerFlags } from "../../../experiments/study/optimizer_flags.ts";
import { expandOptimizers, makeOptimizer } from "../../../experiments/study/optimizers.ts";
import { shippedOptimizers } from "../../../experiments/study/shipped_optimizers.ts";
import type { Flag } from "../../../experiments/terminal/flags.ts";
import { helpText } from "../../../experiments/terminal/help.ts";
import { nesterov, paperMomentum } from "../../../mod.ts";
import { gpuTest } from "../../gpu/fixture.ts";
import { families } from "../../optim/families.ts";
import { bowls, oddShapes, openOn, train } from "../../optim/tensors.ts";

const defaults = { optimizer: ["nag"], learningRate: [0.01], mu: [0.99] };
const flags: Readonly<Record<string, Flag<unknown>>> = optimizerFlags([], { defaults });
const momentum = paperMomentum({ cap: 0.99 });

Deno.test("--optimizer knows every family that is shipped", () => {
  // Partial momentum is cm with --momentum-in; Hessian-free has tests of its own.
  const ours = Object.keys(families).filter((name) => name !== "partial");
  assertEquals(
    [...ours, "muon-hidden", "hf", "hf-dagger"].toSorted(),
    Object.keys(shippedOptimizers).toSorted(),
  );
});

/** Names of families that are not what --optimizer calls them. */
const familyNames: Readonly<Record<string, string>> = {
  aggmo: "aggmo(3)",
  lookahead: "lookahead(nag)",
  "muon-hidden": "muon (hidden)",
};

const scheduled = ["cm", "nag", "lead", "qhm", "aggmo", "lookahead", "low-rank"];

for (const choice of Object.values(shippedOptimizers)) {
  const { name, settings } = choice;

  Deno.test(`${name} is made of its defaults, all in their ranges`, () => {
    const expanded = expandOptimizers({ schedule: ["paper"] }, [choice], defaults);
    assertEquals(expanded.length, 1);
    const optimizer = makeOptimizer(expanded[0], [choice], momentum);
    assertEquals(optimizer.family.name, familyNames[name] ?? name);
    for (const setting of settings.filter(({ default: value }) => value !== undefined)) {
      const { name, default: value } = setting;
      assertEquals(kindOf(setting).read(String(value)), value, name);
      // Ranks and the like are part of the family.
      if (optimizer.family.settings.some((own) => own.name === name)) {
        assertEquals(optimizer.settings[name], value, name);
      }
    }
    const scheduledOnes = Object.entries(optimizer.settings)
      .filter(([, value]) => typeof value === "function");
    assertEquals(
      scheduledOnes.map(([, value]) => value),
      scheduled.includes(name) ? [momentum] : [],
    );
    assertEquals(choice.isScheduled, scheduled.includes(name));
    assertEquals(expanded[0].schedule, scheduled.includes(name) ? "paper" : "none");
  });

  Deno.test(`every setting of ${name} has a flag, which takes its default and names it`, () => {
    for (const { name: setting, help, default: value } of settings) {
      const flag = flags[flagOf(setting)];
      assert(flag?.list, setting);
      const named = setting === "learningRate" && value === undefined
        ? "of the others 0.01"
        : value === undefined
        ? name
        : `${name} ${value}`;
      assertStringIncludes(flag.help, named, setting);
      if (setting !== "learningRate" && setting !== "momentum") {
        assertStringIncludes(flag.help, help.slice(0, -1));
      }
      if (value !== undefined) assertEquals(flag.read("x", String(value)), [value]);
    }
  });
}

Deno.test("options that are no settings of the library become what users give as numbers", () => {
  const { aggmo, "low-rank": lowRank, muon, "muon-hidden": hidden } = shippedOptimizers;
  const common = { learningRate: 0.01, momentum };
  const four = aggmo.make({ ...common, velocities: 4 });
  assertEquals(four.settings, {
    ...{ learningRate: 0.01, cap: momentum },
    ...{ beta2: 0.9, beta3: 0.99, beta4: 0.999 },
  });
  assertEquals(aggmo.make({ ...common, velocities: 1 }).family.states, {});
  assertEquals(lowRank.make({ ...common, rank: 2 }).name, "low-rank (rank 2)");
  assertEquals(muon.make({ newtonSchulzSteps: 3 }).name, "muon (3 steps)");
  assertEquals(hidden.make({ newtonSchulzSteps: 1 }).name, "muon (hidden, 1 step)");
  const lookahead = shippedOptimizers.lookahead.make({ ...common, period: 3 });
  assertEquals(lookahead.family.states, {
    ...nesterov(common).family.states,
    slow: "parameters",
  });
  assertEquals([lookahead.settings.period, lookahead.settings.alpha], [3, 0.5]);
});

Deno.test("a flag that several declare takes the widest range, and says whose it is", () => {
  assertEquals(flags.alpha.allowed, "a number of at least 0, or several with commas");
  assertEquals(flags.mu.allowed, "a number of at least 0 and below 1, or several with commas");
  assertEquals(flags["warm-up"].allowed, "an integer of at least 0, or several with commas");
  const help = helpText({ usage: "x", summary: "y", flags }).replaceAll(/\s+/g, " ");
  assertStringIncludes(
    help,
    "--alpha N,... How far the slow weights go towards the fast ones (lookahead 0.5). The weight of " +
      "the slow mean in a step (ademamix 5). The weight of the gradient beside the sum " +
      "(simplified-ademamix 0). A number of at least 0, or several with commas; default the " +
      "optimizer's.",
  );
  assertStringIncludes(
    help,
    "--mu N,... The cap mu_max of the momentum schedule, of cm, nag, lead, qhm, aggmo, lookahead, " +
      "low-rank; a constant momentum of schedule-free-sgd 0.9, schedule-free-adamw 0.9, muon 0.95, " +
      "muon-hidden 0.95.",
  );
  for (const name of Object.keys(shippedOptimizers)) assertStringIncludes(help, ` ${name},`);
});

gpuTest("networks of all recorded optimizers train side by side in one grid", async (bench) => {
  // Hessian-free drives its updates itself.
  const chosen = Object.values(shippedOptimizers).filter(({ name }) => !name.startsWith("hf"));
  const options = {
    schedule: ["paper"],
    momentumIn: ["all", "ends", "none", "tensor 0"],
    velocities: [1, 3],
    rank: [1, 2],
  };
  const settings = expandOptimizers(options, chosen, defaults);
  assertEquals(settings.length, chosen.length + 3 + 1 + 1);
  const landscape = bowls(oddShapes);
  const optimizers = settings.map((setting) => makeOptimizer(setting, chosen, momentum));
  const trainer = await openOn(bench, landscape, optimizers);
  // Lookahead's slow weights move in the fifth update.
  await train(trainer, 5);
  const starts = landscape.start.map(({ values }) => Float32Array.from(values));
  for (const [r, { optimizer }] of settings.entries()) {
    const theta = await trainer.theta(r);
    for (const [t, tensor] of theta.entries()) {
      assert(tensor.every(Number.isFinite), optimizer);
      assertNotEquals(Float32Array.from(tensor), starts[t], `${optimizer}, tensor ${t}`);
    }
  }
  const at = (name: string) => settings.findIndex(({ optimizer }) => optimizer === name);
  const [sgd, none, aggmo] = [
    at("sgd"),
    settings.findIndex(({ momentumIn }) => momentumIn === "none"),
    at("aggmo"),
  ];
  // Without momentum in any tensor, and with the plain gradient as the only velocity.
  assertEquals(await trainer.theta(none), await trainer.theta(sgd));
  assertEquals(await trainer.theta(aggmo), await trainer.theta(sgd));
});

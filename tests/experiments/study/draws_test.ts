import { assert, assertEquals, assertThrows } from "@std/assert";
import { drawOptimizers } from "../../../experiments/study/draws.ts";
import { shippedOptimizers } from "../../../experiments/study/shipped_optimizers.ts";
import { InputError } from "../../../mod.ts";

const defaults = { learningRate: [0.01], mu: [0.9] };

function draw(optimizers: string, draws: number, flags: Record<string, readonly number[]> = {}) {
  const choices = optimizers.split(",").map((name) => shippedOptimizers[name]);
  return drawOptimizers({ schedule: ["paper"], draws, ...flags }, choices, defaults);
}

Deno.test("each optimizer has the same draws, of rates and of momenta", () => {
  const settings = draw("sgd,nag,adamw,lion", 40);
  const [sgd, nag, adamw, lion] = ["sgd", "nag", "adamw", "lion"]
    .map((name) => settings.filter(({ optimizer }) => optimizer === name));
  for (const all of [sgd, nag, adamw, lion]) {
    assertEquals(all.length, 40);
    assertEquals(all.map(({ learningRate }) => learningRate), sgd.map((s) => s.learningRate));
  }
  const first = nag.map(({ mu }) => mu);
  assertEquals(adamw.map(({ own }) => own.beta1), first);
  assertEquals(lion.map(({ own }) => own.beta1), first);
  assertEquals(lion.map(({ own }) => own.beta2), adamw.map(({ own }) => own.beta2));
  assertEquals(new Set(adamw.map(({ own }) => own.epsilon)), new Set([1e-8]));
  assertEquals(new Set(sgd.map(({ mu }) => mu)), new Set([0]));
});

Deno.test("draws are log-uniform within their box, the first of many those of few", () => {
  const settings = draw("nag", 2000);
  assertEquals(draw("nag", 7), settings.slice(0, 7));
  const parts = (values: readonly number[], decades: number) =>
    Array.from(
      { length: decades },
      (_, i) => values.filter((value) => Math.floor(Math.log10(value)) === i - decades).length,
    );
  const rates = settings.map(({ learningRate }) => learningRate);
  const rests = settings.map(({ mu }) => 1 - mu);
  assert(rates.every((rate) => rate >= 1e-4 && rate <= 1));
  assert(settings.every(({ mu }) => mu >= 0 && mu <= 0.999));
  // Five standard deviations of a count of a fair share.
  const isFair = (count: number, share: number) =>
    Math.abs(count - 2000 * share) < 5 * Math.sqrt(2000 * share * (1 - share));
  assert(parts(rates, 4).every((count) => isFair(count, 1 / 4)));
  assert(parts(rests, 3).every((count) => isFair(count, 1 / 3)));
});

Deno.test("flags give the ends of what is drawn, or a value for all", () => {
  const settings = draw("nag,adamw", 9, {
    learningRate: [0.01, 0.1],
    mu: [0.9, 0.99],
    beta1: [0.5],
    beta2: [0.999, 0.9999],
    weightDecay: [0.1],
  });
  for (const { optimizer, learningRate, mu, own } of settings) {
    assert(learningRate >= 0.01 && learningRate <= 0.1);
    if (optimizer === "nag") assert(mu >= 0.9 && mu <= 0.99);
    else {
      assertEquals([own.beta1, own.weightDecay], [0.5, 0.1]);
      assert(own.beta2 >= 0.999 && own.beta2 <= 0.9999);
    }
  }
  // What is given changes no other draw.
  assertEquals(
    draw("adamw", 9, { learningRate: [0.01] }).map(({ own }) => own),
    draw("adamw", 9).map(({ own }) => own),
  );
});

Deno.test("ends that are none, several values and what means nothing are refused", () => {
  const refused = (act: () => unknown, says: string) => assertThrows(act, InputError, says);
  refused(() => draw("nag", 2, { learningRate: [0.1, 0.01] }), "the least and the greatest");
  refused(() => draw("nag", 2, { mu: [0.1, 0.2, 0.3] }), "--mu with --draws");
  refused(() => draw("adamw", 2, { weightDecay: [0, 0.1] }), "2 settings a draw");
  refused(() => draw("sgd", 2, { mu: [0.9, 0.99] }), "--mu means nothing");
});

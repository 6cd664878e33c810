import { assertEquals, assertLess } from "@std/assert";
import { start, trails } from "../../../experiments/page/view/bowl.ts";
import { settingsOf } from "../../../experiments/page/settings.ts";

Deno.test("NAG passes through what Theorem 2.1 says, and CM elsewhere", () => {
  const { bowl } = settingsOf({ bowl: { updates: 50 } });
  const { cm, nag, theorem, momenta, apart } = trails(bowl);
  assertEquals([cm, nag, theorem].map(({ length }) => length), [51, 51, 51]);
  assertEquals([cm[0], nag[0], theorem[0]], [start, start, start]);
  assertEquals(momenta, [0.9 * (1 - 0.9 / 30), 0.9 * (1 - 0.9 * 1)]);
  // Each update rounds about 8 numbers below 1 on both sides; what a velocity is off by moves the place
  // by 1 / (1 - mu) of it at most.
  assertLess(apart, 50 * 8 * 2 ** -53 / (1 - 0.9));
  assertLess(0.1, Math.max(...nag.map(([, steep], t) => Math.abs(steep - cm[t][1]))));
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  courseSpec,
  gainSpec,
  meansOf,
  type Point,
  sectionOf,
} from "../../../experiments/studies/phases_section.ts";
import type { Configuration } from "../../../experiments/study/cell.ts";
import { renderSvg } from "../../../experiments/charts/vega.ts";

function point(changes: Partial<Point>): Point {
  return { branchAt: 20, mu: 0.9, seed: 1, update: 40, train: 1, test: 2, ...changes };
}

Deno.test("meansOf() takes means over all seeds, and none where one diverged", () => {
  const points = [
    point({}),
    point({ seed: 2, train: 3, test: 5 }),
    point({ mu: 0.99, update: 30 }),
    point({ mu: 0.99, update: 30, seed: 2 }),
    point({ mu: 0.99 }), // the second network told nothing after update 30
  ];
  assertEquals(meansOf(points, 2), [
    { branchAt: 20, mu: 0.9, update: 40, train: 2, test: 3.5 },
    { branchAt: 20, mu: 0.99, update: 30, train: 1, test: 2 },
  ]);
});

Deno.test("sectionOf() names the caps of the lowest error, and all where they are equal", () => {
  const trunk = { id: "trunk", configuration: { learningRate: 0.02 } as Configuration };
  const plan = { trunk: [trunk], branchings: [{ at: 20, networks: [] }] };
  const aheadWith = (high: number) => {
    const means = meansOf([point({}), point({ mu: 0.99, train: high })], 1);
    const { tables: [{ rows }] } = sectionOf(means, [0.9, 0.99], plan);
    return rows.map((row) => row.at(-1));
  };
  // The first quarter's end and the last update are the same here.
  assertEquals([aheadWith(2), aheadWith(0.5), aheadWith(1)], [
    ["0.9", "0.9"],
    ["0.99", "0.99"],
    ["0.9, 0.99", "0.9, 0.99"],
  ]);
});

Deno.test("the figures leave an error of 0 out of their logarithmic axis, and say so", async () => {
  const caps = [0.9, 0.99];
  for (const least of [0, 1]) {
    const points = caps.flatMap((mu) => [
      point({ mu, train: least }),
      point({ mu, train: 0, test: 0, update: 50 }),
    ]);
    const means = meansOf([point({ branchAt: null, train: 0, test: least }), ...points], 1);
    const course = await renderSvg(courseSpec(means, caps));
    assertStringIncludes(course, "errors of 0 are left out, as they cannot stand on a log axis");
    for (const svg of [course, await renderSvg(gainSpec(means, caps))]) {
      assertEquals(/NaN|Infinity/.test(svg), false);
    }
  }
});

import { assertEquals } from "@std/assert";
import { meansOf, type Point } from "../../../experiments/paper/phases_section.ts";

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

import { assertEquals, assertLess } from "@std/assert";
import { optimizerColor } from "../../../experiments/charts/vega.ts";
import { Courses } from "../../../experiments/live/courses.ts";
import { figure, row } from "./rows.ts";

Deno.test("Courses tells new networks in full, and of known ones what has come", () => {
  const courses = new Courses(figure);
  const first = courses.add([row({ update: 0, error: "60" }), row({ update: 10, error: "30.5" })]);
  assertEquals(first.grown, []);
  assertEquals(first.renewed.map(({ id, points }) => ({ id, points })), [
    { id: 0, points: [[0, 60], [10, 30.5]] },
  ]);
  assertEquals(first.renewed[0].setting, {
    ...{ problem: "curves", optimizer: "nag", mu: "0.9", schedule: "paper", seed: "1" },
  });
  const last = { update: "20", momentum: "0.5", [figure]: "20" };
  const next = courses.add([row({ update: 20, error: "20" })]);
  assertEquals(next, { renewed: [], grown: [{ id: 0, points: [[20, 20]], last }] });
  assertEquals(courses.all[0].last, last);
});

Deno.test("Courses names networks by what differs, and says the rest once", () => {
  const courses = new Courses(figure);
  courses.add([row({ update: 0, error: "1" })]);
  assertEquals(courses.all.map(({ name }) => name), ["NAG"]);
  assertEquals(courses.common, "curves · NAG · μ 0.9 · schedule paper · seed 1");
  const { renewed } = courses.add([
    row({ optimizer: "sgd", mu: "0", schedule: "none", update: 0, error: "1" }),
    row({ mu: "0.99", update: 0, error: "1" }),
  ]);
  assertEquals(renewed.map(({ name }) => name), ["NAG, μ 0.9", "SGD", "NAG, μ 0.99"]);
  assertEquals(courses.common, "curves · schedule paper · seed 1");
  assertEquals(
    renewed.map(({ color }) => color),
    [optimizerColor("nag", 0), optimizerColor("sgd"), optimizerColor("nag", 1)],
  );
});

Deno.test("Courses marks reports that are not finite, and those that were not taken", () => {
  const courses = new Courses(figure);
  const errors = ["0", "NaN", "Infinity", "", "1e-3"];
  courses.add(errors.map((error, i) => row({ update: i, error })));
  assertEquals(courses.all[0].points, [[0, 0], [1, null], [2, null], [3, null], [4, 0.001]]);
});

Deno.test("Courses takes back what a network had after an update that it went back to", () => {
  const courses = new Courses(figure);
  courses.add([0, 10, 20, 30].map((update) => row({ update, error: "5" })));
  const { renewed, grown } = courses.add([row({ update: 20, error: "6" })]);
  assertEquals(renewed.map(({ points }) => points), [[[0, 5], [10, 5], [20, 6]]]);
  assertEquals(grown, []);
});

Deno.test("Courses holds a bounded number of points, from the first to the last", () => {
  const courses = new Courses(figure);
  let anew = 0;
  for (let update = 0; update < 50_000; update++) {
    anew += courses.add([row({ update, error: String(update + 1) })]).renewed.length;
  }
  const [{ points }] = courses.all;
  assertLess(points.length, 2001);
  assertEquals([points[0], points.at(-1)], [[0, 1], [49_999, 50_000]]);
  assertEquals(points.every(([update], i) => i === 0 || update > points[i - 1][0]), true);
  // Sent in full now and then only: once when it is new, then once in a thousand reports.
  assertLess(anew, 51);

  const many = new Courses(figure);
  const seeds = Array.from({ length: 400 }, (_, i) => String(i));
  for (let update = 0; update < 300; update++) {
    many.add(seeds.map((seed) => row({ seed, update, error: "1" })));
  }
  assertLess(many.all.reduce((sum, { points }) => sum + points.length, 0), 2 * 20_000 + 1);
});

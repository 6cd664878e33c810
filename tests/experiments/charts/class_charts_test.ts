import { assertEquals, assertMatch } from "@std/assert";
import { decode } from "fast-png";
import {
  classified,
  confusionChart,
  mistakesChart,
} from "../../../experiments/charts/class_charts.ts";

/** Of five cases the second and the last are taken for another class, the last more surely. */
const five = classified(
  Float32Array.of(0.9, 0.1, 0, 0.6, 0.4, 0, 0.2, 0.7, 0.1, 0, 0.25, 0.75, 0.125, 0, 0.875),
  { name: "test cases", classes: 3, labels: [0, 1, 1, 2, 0] },
);

/** The labels of marks, as readers of a screen hear them. */
function marks(svg: string, word: string): string[] {
  return [...svg.matchAll(/aria-label="([^"]*)"/g)].map(([, label]) => label)
    .filter((label) => label.includes(word));
}

Deno.test("classified() takes the class of the largest probability", () => {
  assertEquals(five.taken, [0, 0, 1, 2, 2]);
  assertEquals(five.certainty.map((share) => Number(share.toFixed(3))), [
    ...[0.9, 0.6, 0.7, 0.75, 0.875],
  ]);
});

Deno.test("confusionChart() counts each class by what it is taken for, as a share of it", async () => {
  const svg = await confusionChart(five);
  assertMatch(svg, /2 of 5 test cases are taken for another class/);
  assertEquals(marks(svg, "share").filter((label) => label.startsWith("taken")).toSorted(), [
    "taken for: 0; class: 1; share of, the class: 50.0%",
    "taken for: 2; class: 0; share of, the class: 50.0%",
  ]);
  const counts = [...svg.matchAll(/aria-label="taken for: (\d); class: (\d); count: (\d)"/g)];
  assertEquals(counts.map(([, ...words]) => words.join(" ")).toSorted(), [
    ...["0 0 1", "0 1 1", "1 1 1", "2 0 1", "2 2 1"],
  ]);
  // A chart of many classes has no room for counts.
  const many = await confusionChart({ ...five, classes: 30 });
  assertEquals(marks(many, "count"), []);
});

Deno.test("mistakesChart() shows what is taken for another class, the most certain first", async () => {
  // Of two pixels; the case's number is in the second.
  const images = Float32Array.from({ length: 10 }, (_, i) => i % 2 ? (i - 1) / 2 / 255 : 1);
  const svg = await mistakesChart(five, images, { width: 2, height: 1 }) ?? "";
  assertMatch(svg, /2 of 2 test cases, the most certain first/);
  const shown = [...svg.matchAll(/xlink:href="data:image\/png;base64,([^"]*)"/g)]
    .map(([, base64]) => [...decode(Uint8Array.fromBase64(base64)).data]);
  assertEquals(shown, [[255, 4], [255, 1]]);
  const words = [...svg.matchAll(/>(\d → \d)</g)].map(([, words]) => words);
  assertEquals(words, ["0 → 2", "1 → 0"]);
  const right = { ...five, labels: five.taken };
  assertEquals(await mistakesChart(right, images, { width: 2, height: 1 }), undefined);
});

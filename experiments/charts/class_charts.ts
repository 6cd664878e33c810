import { encode } from "fast-png";
import type { TopLevelSpec } from "vega-lite";
import { greyOf, type SheetOptions } from "./images.ts";
import { chartConfig, renderSvg } from "./vega.ts";

/** Cases, and what a network takes them for. */
export interface Classified {
  /** What they are, in words: "test cases". */
  readonly name: string;
  readonly classes: number;
  /** The class of each case. */
  readonly labels: ArrayLike<number>;
  /** What it is taken for, and with which probability. */
  readonly taken: readonly number[];
  readonly certainty: readonly number[];
}

/** What each case is taken for: the class of the largest of its `probabilities` [n, classes]. */
export function classified(
  probabilities: Float32Array,
  of: Pick<Classified, "name" | "classes" | "labels">,
): Classified {
  const rows = Array.from(
    { length: of.labels.length },
    (_, i) => probabilities.subarray(i * of.classes, (i + 1) * of.classes),
  );
  const certainty = rows.map((row) => row.reduce((a, b) => Math.max(a, b)));
  return { ...of, certainty, taken: rows.map((row, i) => row.indexOf(certainty[i])) };
}

/** The cases that are taken for another class, the most certain first. */
function mistakesOf({ labels, taken, certainty }: Classified): number[] {
  return taken.flatMap((other, i) => other === labels[i] ? [] : [i])
    .toSorted((a, b) => certainty[b] - certainty[a]);
}

/** More classes than these leave no room for counts. */
const mostCounted = 20;

/**
 * How many cases of each class are taken for each other one, as an SVG text: a row for each class,
 * darker where more of its cases are taken for another.
 */
export function confusionChart(of: Classified): Promise<string> {
  const { name, classes, labels, taken } = of;
  const sizes = new Map<number, number>(), counts = new Map<string, number>();
  taken.forEach((other, i) => {
    sizes.set(labels[i], (sizes.get(labels[i]) ?? 0) + 1);
    const key = `${labels[i]} ${other}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  const values = [...counts].map(([key, count]) => {
    const [label, other] = key.split(" ").map(Number);
    return { label, other, count, share: count / sizes.get(label)!, isRight: label === other };
  });
  const side = Math.max(4, Math.min(34, Math.floor(680 / classes)));
  const place = (field: string, title: string) => ({
    field,
    type: "ordinal" as const,
    title,
    scale: { domain: Array.from({ length: classes }, (_, i) => i) },
    axis: { labelAngle: 0, ticks: false, domain: false },
  });
  const spec = {
    background: "white" as const,
    padding: 16,
    title: {
      text: "What classes are taken for",
      subtitle: `${mistakesOf(of).length} of ${taken.length} ${name} are taken for another class`,
    },
    data: { values },
    width: side * classes,
    height: side * classes,
    encoding: { x: place("other", "taken for"), y: place("label", "class") },
    layer: [
      {
        transform: [{ filter: "datum.isRight" }],
        mark: { type: "rect" as const, color: "#eef0f3" },
      },
      {
        transform: [{ filter: "!datum.isRight" }],
        mark: { type: "rect" as const },
        encoding: {
          color: {
            field: "share",
            type: "quantitative" as const,
            title: ["share of", "the class"],
            // Counts are read on the darkest.
            scale: { scheme: { name: "oranges", extent: [0, 0.7] }, domainMin: 0 },
            legend: { format: ".1%", symbolType: "square" },
          },
        },
      },
      ...classes > mostCounted ? [] : [{
        mark: { type: "text" as const, fontSize: 11, color: "#111827" },
        encoding: { text: { field: "count", type: "quantitative" as const, format: ",d" } },
      }],
    ],
    config: chartConfig,
  };
  return renderSvg(spec as TopLevelSpec);
}

const mostMistakes = 48, inRow = 12;

/**
 * Images that are taken for another class, the most certain first, each above its class and what it
 * is taken for, as an SVG text; undefined where there is none.
 *
 * @param images [n, height, width], those of all cases
 */
export async function mistakesChart(
  of: Classified,
  images: Float32Array,
  { width, height, range }: Pick<SheetOptions, "width" | "height" | "range">,
): Promise<string | undefined> {
  const all = mistakesOf(of), size = width * height, side = 56;
  if (all.length === 0) return undefined;
  const values = all.slice(0, mostMistakes).map((i, at) => {
    const pixels = Uint8Array.from(
      images.subarray(i * size, (i + 1) * size),
      (value) => greyOf(value, range),
    );
    const png = encode({ width, height, data: pixels, channels: 1, depth: 8 });
    return {
      url: `data:image/png;base64,${png.toBase64()}`,
      column: at % inRow,
      row: Math.floor(at / inRow),
      words: `${of.labels[i]} → ${of.taken[i]}`,
    };
  });
  const columns = Math.min(inRow, values.length), rows = Math.ceil(values.length / inRow);
  const place = (field: string) => ({ field, type: "ordinal" as const, axis: null });
  const spec = {
    background: "white" as const,
    padding: 16,
    title: {
      text: "Taken for another class",
      subtitle:
        `${values.length} of ${all.length} ${of.name}, the most certain first: class → what ` +
        "it is taken for",
    },
    data: { values },
    width: columns * (side + 10),
    height: rows * (side + 30),
    encoding: { x: place("column"), y: place("row") },
    layer: [
      {
        mark: { type: "image" as const, width: side, height: side, yOffset: -8 },
        encoding: { url: { field: "url", type: "nominal" as const } },
      },
      {
        mark: { type: "text" as const, yOffset: side / 2 + 2, fontSize: 12, color: "#111827" },
        encoding: { text: { field: "words", type: "nominal" as const } },
      },
    ],
    config: chartConfig,
  };
  return await renderSvg(spec as TopLevelSpec);
}

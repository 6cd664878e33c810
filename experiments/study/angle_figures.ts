import type { FigureGroup } from "./figure_group.ts";

/** How alike the units of a layer are, by what they take in. */
export const angleFigures: FigureGroup = {
  help:
    "the mean of |cos| between the incoming weights of two units, over all pairs of a layer and " +
    "then over the layers",
  columns: { mean_abs_cosine: "meanAbsCosine" },
  gradients: { cases: 0 },
  bytes: () => 0,
  measure({ model: { layout: { tensors } }, networks }) {
    return Promise.resolve(networks.map(({ theta }) => {
      const layers = tensors.flatMap(({ name, rows, columns, isBias }, t) => {
        // A unit is a column of weights, but a row of a convolution's kernels.
        const isByRow = name.startsWith("kernels");
        const [units, inputs] = isByRow ? [rows, columns] : [columns, rows];
        if (isBias || units < 2 || inputs < 2) return [];
        return [meanAbsCosine(theta[t], { units, inputs, isByRow })];
      });
      return { meanAbsCosine: layers.reduce((sum, mean) => sum + mean, 0) / layers.length };
    }));
  },
};

/** Of weights in rows: a unit is a column, or a row. */
export function meanAbsCosine(
  weights: ArrayLike<number>,
  { units: count, inputs, isByRow = false }: {
    readonly units: number;
    readonly inputs: number;
    readonly isByRow?: boolean;
  },
): number {
  const units = Array.from({ length: count }, (_, unit) => {
    const at = (input: number) => isByRow ? unit * inputs + input : input * count + unit;
    const incoming = Float64Array.from({ length: inputs }, (_, input) => weights[at(input)]);
    const norm = Math.hypot(...incoming);
    return incoming.map((weight) => weight / norm);
  });
  let sum = 0;
  for (const [i, unit] of units.entries()) {
    for (const other of units.slice(0, i)) {
      sum += Math.abs(unit.reduce((dot, weight, input) => dot + weight * other[input], 0));
    }
  }
  return sum / (count * (count - 1) / 2);
}

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
      const layers = tensors.flatMap(({ rows, columns, isBias }, t) =>
        isBias || columns < 2 ? [] : [meanAbsCosine(theta[t], { rows, columns })]
      );
      return { meanAbsCosine: layers.reduce((sum, mean) => sum + mean, 0) / layers.length };
    }));
  },
};

/** Of weights [rows, columns], a unit a column. */
export function meanAbsCosine(
  weights: ArrayLike<number>,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): number {
  const units = Array.from({ length: columns }, (_, unit) => {
    const incoming = Float64Array.from({ length: rows }, (_, row) => weights[row * columns + unit]);
    const norm = Math.hypot(...incoming);
    return incoming.map((weight) => weight / norm);
  });
  let sum = 0;
  for (const [i, unit] of units.entries()) {
    for (const other of units.slice(0, i)) {
      sum += Math.abs(unit.reduce((dot, weight, row) => dot + weight * other[row], 0));
    }
  }
  return sum / (columns * (columns - 1) / 2);
}

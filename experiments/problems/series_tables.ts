import { shortestFloat32 } from "../files/tables.ts";
import type { KindTables } from "../study/network_kind.ts";
import { leastOf } from "../study/outcomes.ts";

/**
 * How networks that predict the next row of a series are told: by the mean squared error of columns
 * that are standardized, and in the unit of each column by its root.
 *
 * @param deviations the standard deviation of each column, by its name
 * @param persistence the error of taking each row for the next, where it is known
 */
export function seriesTables(
  deviations: Readonly<Record<string, number>>,
  persistence?: number,
): KindTables {
  const roots = Object.entries(deviations).map(([name, deviation]) => ({
    name: `test_rmse_${name}`,
    root(test: Readonly<Record<string, number>>) {
      const error = test[`error of ${name}`];
      return error === undefined ? undefined : shortestFloat32(deviation * Math.sqrt(error));
    },
  }));
  return {
    figure: {
      name: "loss",
      split: "test",
      column: "mean_squared_error",
      title: "mean squared error",
      unit: "of standardized columns",
    },
    ...persistence !== undefined && { baseline: { title: "persistence", of: () => persistence } },
    columns: {
      curve: [
        { name: "train_loss", cell: ({ loss }) => loss },
        { name: "train_mean_squared_error", cell: ({ train }) => train.loss },
        { name: "test_mean_squared_error", cell: ({ test }) => test.loss },
        { name: "gradient_norm", cell: ({ gradientNorm }) => gradientNorm },
      ],
      furtherCurve: roots.map(({ name, root }) => ({ name, cell: ({ test }) => root(test) })),
      summary: [
        { name: "train_mean_squared_error", cell: ({ figures }) => figures.train.loss },
        { name: "test_mean_squared_error", cell: ({ figures }) => figures.test.loss },
        {
          name: "best_test_mean_squared_error",
          cell: ({ cell }) => leastOf(cell, ({ test }) => test.loss),
        },
        ...persistence === undefined
          ? []
          : [{ name: "persistence_mean_squared_error", cell: () => persistence }],
        ...roots.map(({ name, root }) => ({
          name,
          cell: ({ figures }: { figures: { test: Record<string, number> } }) => root(figures.test),
        })),
      ],
    },
  };
}

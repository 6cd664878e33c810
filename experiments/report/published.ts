import type { TableName } from "../studies/grid.ts";

/** By row and column. */
type Rows = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The paper's numbers, with the digits that it prints; headed as our tables are. */
const published: Readonly<Record<Exclude<TableName, "table2">, Rows>> = {
  table1: rowsOf(`
           | 0 (SGD) | 0.9N | 0.99N | 0.995N | 0.999N | 0.9M | 0.99M | 0.995M | 0.999M | SGD_C | HF†   | HF*
    curves | 0.48    | 0.16 | 0.096 | 0.091  | 0.074  | 0.15 | 0.10  | 0.10   | 0.10   | 0.16  | 0.058 | 0.11
    mnist  | 2.1     | 1.0  | 0.73  | 0.75   | 0.80   | 1.0  | 0.77  | 0.84   | 0.90   | 0.9   | 0.69  | 1.40
    faces  | 36.4    | 14.2 | 8.5   | 7.8    | 7.7    | 15.3 | 8.7   | 8.3    | 9.3    |       | 7.5   | 12.0
  `),
  table3: rowsOf(`
           | SI x 0.25 | SI x 0.5 | SI x 1 | SI x 2 | SI x 4
    curves | 16        | 16       | 0.074  | 0.083  | 0.35
  `),
  table5: rowsOf(`
           | biases | 0    | 0.9N | 0.98N  | 0.995N  | 0.9M  | 0.98M  | 0.995M
    add    | 0.82   | 0.39 | 0.02 | 0.21   | 0.00025 | 0.43  | 0.62   | 0.036
    mul    | 0.84   | 0.48 | 0.36 | 0.22   | 0.0013  | 0.029 | 0.025  | 0.37
    mem-5  | 2.5    | 1.27 | 1.02 | 0.96   | 0.63    | 1.12  | 1.09   | 0.92
    mem-20 | 8.0    | 5.37 | 2.77 | 0.0144 | 0.00005 | 1.75  | 0.0017 | 0.053
  `),
};

/** Table 2: the error of the best NAG before and after the finish. */
const publishedFinishes = rowsOf(`
         | before | after
  curves | 0.096  | 0.074
  mnist  | 1.20   | 0.73
  faces  | 10.83  | 7.7
`);

/** What the columns are that are the paper's alone. */
const others: Readonly<Record<string, string>> = {
  "biases": "the paper's: the output biases alone",
  "SGD_C": "the paper's: SGD of Chapelle and Erhan, 2011",
  "HF†": "the paper's: Hessian-free, with momentum-like changes",
  "HF*": "the paper's: Hessian-free of Martens, 2010",
};

/** The numbers that the paper has in a row of a table, by column. */
export function publishedRow(table: TableName, row: string): ReadonlyMap<string, string> {
  return table === "table2" ? new Map() : published[table].get(row) ?? new Map();
}

/** What the paper has of the finish, for its best NAG: "before" and "after". */
export function publishedFinish(row: string): ReadonlyMap<string, string> {
  return publishedFinishes.get(row) ?? new Map();
}

/** What a column is that the paper has and we do not train. */
export function noteOfPublished(column: string): string {
  return others[column] ?? "the paper's: not in this grid";
}

/**
 * The squared error of predicting the mean image, about: the data's total variance. That of Faces
 * is their stand-in's.
 */
const meanImageErrors: Readonly<Record<string, number>> = { curves: 16, mnist: 52.7, faces: 600 };

/** {@linkcode meanImageErrors} of an autoencoder's problem. */
export function meanImageError(row: string): number | undefined {
  return meanImageErrors[row];
}

function rowsOf(text: string): Rows {
  const [[, ...columns], ...rows] = text.trim().split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(
    rows.map(([row, ...cells]) => [
      row,
      new Map(columns.map((column, i) => [column, cells[i]] as const).filter(([, cell]) => cell)),
    ]),
  );
}

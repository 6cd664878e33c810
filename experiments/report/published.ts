/** What the columns are that are the paper's alone. */
const others: Readonly<Record<string, string>> = {
  "biases": "the paper's: the output biases alone",
  "SGD_C": "the paper's: SGD of Chapelle and Erhan, 2011",
  "HF†": "the paper's: Hessian-free, with momentum-like changes",
  "HF*": "the paper's: Hessian-free of Martens, 2010",
};

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

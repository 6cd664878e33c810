import { classicalMomentum, type Gpu, nesterov, reference, sgd } from "../../mod.ts";
import { distances, follow, type Path, type Paths, upTo } from "./descent.ts";
import { changingRate, start, turned, updates } from "./examples.ts";
import { type Measured, type Row, row, type StatementAndFigure } from "./statement.ts";

/** CM = NAG = SGD at mu = 0, and CM -> NAG as eps -> 0. */
export async function smallSteps(gpu: Gpu, interruption: AbortSignal): Promise<StatementAndFigure> {
  return {
    statement: {
      id: "limits",
      title: "Where CM and NAG are the same",
      statement:
        "At mu = 0 CM and NAG are SGD, to the bit; for small eps they differ by the order " +
        "of eps^2.",
      source: "section 2.1",
      rows: [
        ...await withoutMomentum(gpu, interruption),
        ...await withSmallRates(gpu, interruption),
      ],
    },
  };
}

async function withoutMomentum(gpu: Gpu, interruption: AbortSignal): Promise<Row[]> {
  const rates = { learningRate: changingRate, momentum: 0 };
  const optimizers = [
    sgd({ learningRate: changingRate }),
    classicalMomentum(rates),
    nesterov(rates),
  ];
  const descents = optimizers.map((optimizer) => ({
    quadratic: turned,
    start: turned.fromEigen(start),
    optimizer,
  }));
  const paths = await follow(gpu, descents, upTo(updates), interruption);
  const [none, cm, nag] = paths.map(({ float64, gpu }) => ({
    float64: withoutErrors(float64),
    gpu: withoutErrors(gpu),
  }));
  return ([["CM", cm], ["NAG", nag]] as const).map(([method, paths]) =>
    row(
      `${method} at mu = 0 against SGD`,
      distances(paths.float64, none.float64),
      distances(paths.gpu, none.gpu),
    )
  );
}

/** The same operations on the same numbers leave no room for rounding. */
function withoutErrors(path: Path): Path {
  return path.map((stop) => ({ ...stop, error: stop.error.map(() => 0) }));
}

/** y^2/2 - y from rest at 0: every value is of the order of eps, and so is its rounding. */
const slope = new reference.Quadratic({ spectrum: [1], slopes: [-1] });
const momentum = 0.9;
const fewUpdates = 8;
const learningRates = [5, 6, 7, 8, 9, 10].map((halvings) => 2 ** -halvings);

/**
 * From rest the first update is the same, and theta after it is a polynomial in eps: NAG - CM is
 * d_2 eps^2 + d_3 eps^3 + ... So its order, log2 of what halving eps divides it by, is 2 to within
 * log2((1 + r)/(1 - r)), r being the larger share of the rest in d_2 eps^2, with eps and eps/2.
 */
async function withSmallRates(gpu: Gpu, interruption: AbortSignal): Promise<Row[]> {
  const descents = learningRates.flatMap((learningRate) =>
    [nesterov, classicalMomentum].map((optimizer) => ({
      quadratic: slope,
      start: new Float64Array(1),
      optimizer: optimizer({ learningRate, momentum }),
    }))
  );
  const paths = await follow(gpu, descents, [fewUpdates], interruption);
  const [nag, cm] = [momentum, 0].map(thetaInPowers);
  const coefficients = nag.map((value, power) => value - cm[power]);
  const differences = learningRates.map((learningRate, i) => ({
    float64: difference("float64", paths.slice(2 * i), { learningRate, coefficients }),
    gpu: difference("gpu", paths.slice(2 * i), { learningRate, coefficients }),
  }));
  return differences.slice(1).map((half, i) =>
    row(
      `order of NAG - CM less 2, from eps = 1/${1 / learningRates[i]} to half of it`,
      [order(differences[i].float64, half.float64)],
      [order(differences[i].gpu, half.gpu)],
    )
  );
}

interface Difference {
  /** NAG - CM. */
  value: number;
  /** How much of d_2 eps^2 the higher powers of eps and rounding may be. */
  rest: number;
}

function difference(
  kind: keyof Paths,
  [nag, cm]: readonly Paths[],
  { learningRate, coefficients }: { learningRate: number; coefficients: readonly number[] },
): Difference {
  const terms = coefficients.map((value, power) => Math.abs(value) * learningRate ** power);
  const higher = terms.slice(3).reduce((sum, term) => sum + term, 0);
  const [{ theta: [ofNAG], error: [errorOfNAG] }] = nag[kind];
  const [{ theta: [ofCM], error: [errorOfCM] }] = cm[kind];
  const rounding = errorOfNAG + errorOfCM;
  return {
    value: ofNAG - ofCM,
    rest: (higher + rounding) / terms[2],
  };
}

function order(whole: Difference, half: Difference): Measured {
  const rest = Math.max(whole.rest, half.rest);
  return {
    residual: Math.abs(Math.log2(whole.value / half.value) - 2),
    bound: Math.log2((1 + rest) / (1 - rest)),
  };
}

/** theta after the updates: its coefficients of eps^0, eps^1, ... */
function thetaInPowers(lead: number): number[] {
  let theta: number[] = Array(fewUpdates + 1).fill(0);
  let velocity = theta;
  for (let update = 0; update < fewUpdates; update++) {
    const gradient = theta.map((x, power) => x + lead * velocity[power] - (power === 0 ? 1 : 0));
    velocity = velocity.map((v, power) => momentum * v - (gradient[power - 1] ?? 0));
    theta = theta.map((x, power) => x + velocity[power]);
  }
  return theta;
}

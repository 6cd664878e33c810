import type { TensorValues } from "../../core/reference/rules/rule.ts";
import { demon, nesterov1983, paperMomentum } from "../../core/reference/rules/schedules.ts";

/** A row of the tables, at one number of updates; README.md says what the files hold. */
export interface KnownAnswer {
  /** The rule by its name on the command line. */
  rule: string;
  /** Everything that fixes it; a schedule is an object, see {@linkcode withSchedules}. */
  settings: Settings;
  problem: ProblemName;
  updates: number;
  /** Where the network is evaluated. */
  theta?: readonly number[];
  /** Lookahead's fast weights, in place of theta. */
  fast?: readonly number[];
  /** Where the next gradient is taken, if not at theta. */
  point?: readonly number[];
}

/** Settings of a rule as the files hold them. */
export type Settings = Readonly<Record<string, unknown>>;

/** What the rules are tried on. */
export type ProblemName = "quadratic" | "sequence" | "matrix";

/** A function to minimize, of one weight tensor. */
export interface Problem {
  start: TensorValues;
  /** The gradient at a point, after some updates. */
  gradient(point: ArrayLike<number>, updates: number): Float64Array;
}

interface Problems {
  quadratic: Start & { curvature: number[]; minimum: number[] };
  sequence: Start & { gradients: number[][] };
  matrix: Start & { B: number[][] };
}

interface Start {
  rows: number;
  columns: number;
  start: number[];
}

const { quadratic, sequence, matrix } = read<Problems>("problems.json");

/** The problems by name. */
export const problems: Record<ProblemName, Problem> = {
  /** curvature (x - minimum), place by place. */
  quadratic: {
    start: tensor(quadratic),
    gradient: (x) =>
      Float64Array.from(quadratic.curvature, (h, i) => h * (x[i] - quadratic.minimum[i])),
  },
  /** The same gradients wherever they are taken. */
  sequence: {
    start: tensor(sequence),
    gradient: (_, updates) => Float64Array.from(sequence.gradients[updates]),
  },
  /** M B, of trace(M B M') / 2. */
  matrix: {
    start: tensor(matrix),
    gradient: (x) =>
      Float64Array.from(x, (_, place) => {
        const [row, column] = [Math.floor(place / matrix.columns), place % matrix.columns];
        return matrix.B.reduce((sum, B, k) => sum + x[row * matrix.columns + k] * B[column], 0);
      }),
  },
};

/** Every answer of every file. */
export function knownAnswers(): KnownAnswer[] {
  const files = [...Deno.readDirSync(new URL(".", import.meta.url))]
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".json") && name !== "problems.json");
  return files.sort().flatMap((file) =>
    read<{ settings: Settings; answers: Omit<KnownAnswer, "rule" | "settings">[] }[]>(file)
      .flatMap(({ settings, answers }) =>
        answers.map((answer) => ({ rule: file.replace(".json", ""), settings, ...answer }))
      )
  );
}

/** The settings with a function of the updates done so far in the place of each schedule. */
export function withSchedules(settings: Settings): Settings {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, isRecord(value) ? made(value) : value]),
  );
}

/** Half a unit of the last of the 12 significant digits that are printed, and 1 % for rounding. */
export function printedTolerance(value: number): number {
  if (value === 0) return 0;
  return 0.505 * 10 ** (Math.floor(Math.log10(Math.abs(value))) - 11);
}

const schedules: Record<string, (settings: never) => (updates: number) => number> = {
  paper: paperMomentum,
  nesterov1983,
  demon,
};

function made(value: Settings): unknown {
  if (!("schedule" in value)) return withSchedules(value);
  return schedules[String(value.schedule)](value as never);
}

function isRecord(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tensor({ rows, columns, start }: Start): TensorValues {
  return { rows, columns, values: Float64Array.from(start) };
}

function read<Contents>(file: string): Contents {
  return JSON.parse(Deno.readTextFileSync(new URL(file, import.meta.url)));
}

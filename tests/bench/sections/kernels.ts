import {
  Dataset,
  type Gpu,
  linearBody,
  linearScalars,
  paperProblems,
  Plan,
  pointwise,
  Purpose,
  type Tensor,
  Vector,
  VectorLayout,
} from "../../../mod.ts";
import { allocateTensor } from "../../../core/gpu/tensor.ts";
import { columnSum } from "../../../core/ops/column_sum.ts";
import { crossEntropy, squaredError } from "../../../core/graph/losses.ts";
import { gather } from "../../../core/ops/gather.ts";
import { matmul } from "../../../core/ops/matmul.ts";
import { secondsPerReplay } from "../replay.ts";
import { torchSquares } from "../python.ts";
import type { Report, Row } from "../report.ts";
import type { Machine, Setting } from "./section.ts";

const batchSize = 200;

/** Products beside the arithmetic peak, and everything else beside the bandwidth of copies. */
export async function measureKernels({ report, rounds, machine }: Setting): Promise<void> {
  const { gpu, peak, bandwidth } = await machine();
  const products: Row[] = [];
  for (const shape of productShapes(gpu)) {
    const gflops = 2 * shape.m * shape.k * shape.n /
      await timeProduct(gpu, shape, Math.min(rounds, 3)) / 1e9;
    products.push({ ...shape, gflops, of_peak: `${Math.round(100 * gflops / peak)} %` });
  }
  report.table("products", "Products [M, K] by [K, N], alone", products);
  await compareSquares(report, products);
  const others: Row[] = [];
  for (const { kernel, bytes, record } of bandwidthKernels(gpu)) {
    const { seconds } = await timePlan(gpu, record, rounds);
    const gigabytes = bytes / seconds / 1e9;
    others.push({
      kernel,
      bytes,
      ms: 1000 * seconds,
      GB_per_s: gigabytes,
      of_copy: `${Math.round(100 * gigabytes / bandwidth)} %`,
    });
  }
  report.table("bandwidth", "Kernels that move bytes, each with its mirrors' copies", others);
}

/** Which operand a product reads transposed: neither, a as a weight gradient does, b as a delta. */
type Transposition = "a b" | "a' b" | "a b'";

interface Shape {
  use: string;
  product: Transposition;
  m: number;
  k: number;
  n: number;
}

/** Forward, weight gradient and delta of every encoder and decoder layer, and squares. */
function productShapes(gpu: Gpu): Shape[] {
  const layers = Object.entries(paperProblems).flatMap(([name, { layers }]) => {
    const sizes = [...layers, ...layers.slice(0, -1).reverse()];
    return sizes.slice(1).flatMap((above, i): Shape[] => {
      const below = sizes[i];
      return [
        { use: name, product: "a b", m: batchSize, k: below, n: above },
        { use: name, product: "a' b", m: below, k: batchSize, n: above },
        { use: name, product: "a b'", m: batchSize, k: above, n: below },
      ];
    });
  });
  const sizes = gpu.isSoftware ? [512, 1024, 2048] : [512, 1024, 2048, 4096, 8192];
  const squares = sizes.flatMap((size) =>
    (["a b", "a' b", "a b'"] as const).map((product): Shape => (
      { use: "square", product, m: size, k: size, n: size }
    ))
  );
  return [...layers, ...squares];
}

/** Our squares beside torch.matmul, where it is there. */
async function compareSquares(report: Report, products: readonly Row[]): Promise<void> {
  const squares = products.filter(({ use, product }) => use === "square" && product === "a b");
  const torch = await torchSquares(squares.map(({ m }) => Number(m)));
  if (!torch) return;
  const rows = squares.map(({ m, gflops }) => {
    const theirs = torch[String(m)];
    return { size: m, gflops, torch_gflops: theirs, ratio: Number(gflops) / theirs };
  });
  report.table("squares", "Square products beside torch.matmul, float32 without TF32", rows);
}

async function timeProduct(
  gpu: Gpu,
  { product, m, k, n }: Shape,
  rounds: number,
): Promise<number> {
  const transposeA = product === "a' b", transposeB = product === "a b'";
  const matrix = (rows: number, columns: number) =>
    allocateTensor(gpu, "operand", { replicas: 1, rows, columns });
  const a = transposeA ? matrix(k, m) : matrix(m, k);
  const b = transposeB ? matrix(n, k) : matrix(k, n);
  const out = matrix(m, n);
  const record = (plan: Plan) => matmul(plan, { a, b, out, transposeA, transposeB });
  const trial = new Plan(gpu);
  record(trial);
  await gpu.tuning?.decide(trial.undecided);
  // As many in a plan as make the copies of the mirrors, of which it needs one, small beside them.
  const copies = Math.max(1, Math.min(32, Math.round(1e9 / (2 * m * k * n))));
  const { seconds } = await timePlan(gpu, (plan) => {
    for (let i = 0; i < copies; i++) record(plan);
    return [a, b, out].map(({ buffer }) => buffer);
  }, rounds);
  return seconds / copies;
}

/** Records one kernel, and gives the buffers that are to be freed after it. */
type Recording = (plan: Plan) => GPUBuffer[];

async function timePlan(
  gpu: Gpu,
  record: Recording,
  rounds: number,
): Promise<{ seconds: number }> {
  const plan = new Plan(gpu);
  const buffers = record(plan);
  plan.seal();
  const seconds = await secondsPerReplay(gpu, plan, rounds);
  plan.free();
  for (const buffer of buffers) gpu.free(buffer);
  return { seconds };
}

interface BandwidthKernel {
  kernel: string;
  /** What it must read and write, once each. */
  bytes: number;
  record: Recording;
}

/** The kernels of a Curves step that are no products, with the bytes they cannot do without. */
function bandwidthKernels(gpu: Machine["gpu"]): BandwidthKernel[] {
  const width = 784;
  const cases = batchSize * width;
  const take = (rows: number, columns: number): Tensor =>
    allocateTensor(gpu, "operand", { replicas: 1, rows, columns });
  const losses = () => gpu.allocate("losses", 4 * batchSize);
  const buffersOf = (...matrices: Tensor[]) => matrices.map(({ buffer }) => buffer);
  const length = 842_368;
  return [
    {
      kernel: "column sum, 200 x 784",
      bytes: 4 * (cases + width),
      record(plan) {
        const [a, out] = [take(batchSize, width), take(1, width)];
        columnSum(plan, a, out);
        return buffersOf(a, out);
      },
    },
    {
      kernel: `momentum update, ${length}`,
      bytes: 5 * 4 * length, // reads parameters, velocity and gradient, writes the first two
      record(plan) {
        const layout = new VectorLayout([{ name: "all", rows: 8, columns: length / 8 }]);
        const vectors = ["parameters", "velocity", "gradient"].map((label) =>
          new Vector(gpu, label, layout, 1)
        );
        const [parameters, velocity, gradient] = vectors;
        const divergedAt = gpu.allocate("diverged at", 4);
        pointwise(plan, {
          name: "nag",
          body: linearBody,
          reads: { gradient },
          updates: { parameters, velocity },
          scalars: { first: 0, names: linearScalars, groups: 1 },
          diverges: { at: divergedAt, first: 0 },
        });
        return [...vectors.map(({ buffer }) => buffer), divergedAt];
      },
    },
    {
      kernel: "gather of bytes, 200 x 784",
      bytes: 5 * cases, // a byte read, a float written
      record(plan) {
        const data = new Dataset(gpu, new Uint8Array(20_000 * width), { width });
        const seeds = gpu.upload("seeds", new Uint32Array(2));
        const out = take(batchSize, width);
        gather(plan, data, out, { seeds, purpose: Purpose.minibatch });
        return [...data.parts, seeds, out.buffer];
      },
    },
    {
      kernel: "cross-entropy, 200 x 784",
      bytes: 3 * 4 * cases, // reads outputs and targets, writes the delta
      record(plan) {
        const [z, targets, delta] = [1, 2, 3].map(() => take(batchSize, width));
        const caseLoss = losses();
        crossEntropy.record(plan, { z, unit: "sigmoid", targets }, { delta, caseLoss });
        return [...buffersOf(z, targets, delta), caseLoss];
      },
    },
    {
      kernel: "squared error, 200 x 784",
      bytes: 3 * 4 * cases,
      record(plan) {
        const [z, targets, delta] = [1, 2, 3].map(() => take(batchSize, width));
        const caseLoss = losses();
        squaredError.record(plan, { z, unit: "linear", targets }, { delta, caseLoss });
        return [...buffersOf(z, targets, delta), caseLoss];
      },
    },
  ];
}

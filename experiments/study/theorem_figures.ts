// Theorem 2.1 of the paper in a network: on a quadratic a step of NAG is one of CM whose mu v is
// multiplied by (I - eps H).

import { Curvature, curvatureBytes, lanczos, MeanGradient, Vector } from "../../mod.ts";
import type { FigureGroup, MeasuredNetwork, MeasuredNetworks } from "./figure_group.ts";

/** Directions that count as sharp, and the steps of Lanczos' method that find them. */
const SHARP = 10, STEPS = 60;

/** Passes over the cases: two gradients, a product, and those of Lanczos' method. */
const PASSES = 2 * 3 + (1 + STEPS) * 6;

/** How far the gradient is from linear along mu v, and how much of v lies in the sharpest directions. */
export const theoremFigures: FigureGroup = {
  help:
    "of cm, nag and lead, with g the gradient and H the Hessian at theta, v the velocity and mu as of " +
    "the last update: |g(theta + mu v) - g(theta) - mu H v| / |mu H v|, by how much a step of NAG " +
    `is none of CM with mu (I - eps H), and the share of |v|^2 in the ${SHARP} directions of the ` +
    "largest eigenvalues of H",
  columns: { theorem_gap: "theoremGap", sharp_share: "sharpShare" },
  gradients: { cases: PASSES / 3 },
  bytes: ({ gpu, model, cases, batchSize: blockCases }) =>
    curvatureBytes(gpu, model, { cases, blockCases, steps: STEPS + 1 }),
  async measure(of) {
    const moving = of.networks.filter(isMoving);
    const found = moving.length > 0 ? await measureMoving({ ...of, networks: moving }) : [];
    const figures = new Map(moving.map((network, i) => [network as MeasuredNetwork, found[i]]));
    return of.networks.map((network) => figures.get(network) ?? {});
  },
};

type Moving = MeasuredNetwork & Required<Pick<MeasuredNetwork, "momentum">>;

function isMoving(network: MeasuredNetwork): network is Moving {
  return network.momentum !== undefined;
}

interface OfMoving extends MeasuredNetworks {
  readonly networks: readonly Moving[];
}

async function measureMoving(of: OfMoving): Promise<Record<string, number>[]> {
  const { gpu, model, networks } = of;
  const velocity = new Vector(gpu, "velocity", model.layout, networks.length);
  try {
    networks.forEach(({ momentum }, r) => velocity.writePacked(r, momentum.velocity));
    const changes = await gradientChanges(of, velocity);
    return await againstHessian(of, velocity, changes);
  } finally {
    velocity.free();
  }
}

/** g(theta + mu v) - g(theta) of each network. */
async function gradientChanges(
  { gpu, model, networks, cases, batchSize: blockCases }: OfMoving,
  velocity: Vector,
): Promise<Float64Array[]> {
  const gradient = await MeanGradient.open(gpu, { model, replicas: networks, cases, blockCases });
  try {
    const take = async () => {
      await gradient.take();
      return await Promise.all(networks.map((_, r) => gradient.vector.readPacked(r)));
    };
    const here = await take();
    for (const [r, { theta, momentum: { mu } }] of networks.entries()) {
      const v = await velocity.read(r);
      gradient.move(
        r,
        theta.map((of, t) => v[t] ? Array.from(of, (x, i) => x + mu * v[t][i]) : of),
      );
    }
    const ahead = await take();
    return here.map((g, r) => Float64Array.from(g, (value, i) => ahead[r][i] - value));
  } finally {
    gradient.free();
  }
}

async function againstHessian(
  { gpu, model, networks, cases, batchSize: blockCases }: OfMoving,
  velocity: Vector,
  changes: readonly Float64Array[],
): Promise<Record<string, number>[]> {
  const hessian = await Curvature.open(gpu, {
    ...{ matrix: "hessian", model, replicas: networks, cases, blockCases },
  });
  try {
    networks.forEach(({ momentum }, r) => hessian.direction.writePacked(r, momentum.velocity));
    await hessian.multiply();
    const products = await Promise.all(networks.map((_, r) => hessian.product.readPacked(r)));
    const spectra = await lanczos(hessian, { steps: STEPS, vectors: [velocity] });
    return networks.map(({ momentum: { mu } }, r) => {
      const linear = Float64Array.from(products[r], (value) => mu * value);
      const beyond = changes[r].map((change, i) => change - linear[i]);
      const [shares] = spectra[r].shares;
      return {
        theoremGap: norm(beyond) / norm(linear),
        sharpShare: shares.slice(0, SHARP).reduce((sum, share) => sum + share, 0),
      };
    });
  } finally {
    hessian.free();
  }
}

function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value ** 2, 0));
}

import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { allocateFloats } from "../gpu/tensor.ts";
import { Plan } from "../gpu/plan.ts";
import { type StepRow, StepTable } from "../gpu/scalars.ts";
import { Vector, type VectorLayout } from "../gpu/vector.ts";
import { BlockedBatch, blocksFootprint } from "../graph/blocked_batch.ts";
import type { Footprint, Graph, Model } from "../graph/model.ts";
import { caseMean } from "../ops/case_mean.ts";
import { pointwise } from "../ops/pointwise.ts";
import { partialFloats, type VectorSums, vectorSums } from "../ops/vector_sums.ts";
import { ConjugateGradient } from "./conjugate_gradient.ts";
import type { DriverParts } from "./family.ts";
import * as lines from "./hessian_free_lines.ts";

/** What fixes the buffers and plans of an update: the same for all replicas of a trainer. */
export interface HessianFreeSizes {
  /** Cases of the gradient, the marks and the line search. */
  readonly gradientCases: number;
  /** Cases of the Gauss-Newton matrix. */
  readonly curvatureCases: number;
  /** Cases of a block at most. */
  readonly blockCases: number;
  /** The most steps of conjugate gradient that any replica takes. */
  readonly longest: number;
  /** Whether any replica has a preconditioner, */
  readonly preconditions: boolean;
  /** has structural damping, */
  readonly dampsStructure: boolean;
  /** looks back at the marks, */
  readonly backtracks: boolean;
  /** or searches along its step. */
  readonly searches: boolean;
}

/** A pass over all cases of a batch, block by block. */
type PassName = "gradient" | "curvature" | "loss" | "curvatureLoss";

/** What lies between the passes. */
type StageName =
  | "clear"
  | "begin"
  | "step"
  | "atMark"
  | "judge"
  | "choose"
  | "trust"
  | "try"
  | "search"
  | "finish";

/** An update of Hessian-free of certain sizes: its buffers, and the plans of its parts. */
export class HessianFreePlans {
  /** All of them. */
  readonly all: readonly Plan[];
  readonly solver: ConjugateGradient;
  readonly #gpu: Gpu;
  readonly #parts: DriverParts;
  readonly #sizes: HessianFreeSizes;
  readonly #batches: { readonly gradient: BlockedBatch; readonly curvature: BlockedBatch };
  readonly #image: Vector;
  readonly #candidate: Vector;
  readonly #preconditioner: Vector | undefined;
  /** Losses case by case: of the gradient's and the curvature's, at theta and elsewhere. */
  readonly #losses: Readonly<
    Record<"first" | "other" | "firstOfCurvature" | "otherOfCurvature", Vector>
  >;
  readonly #partials: GPUBuffer;
  /** The factor of structural damping, [R]. */
  readonly #structural: GPUBuffer;
  readonly #table: StepTable;
  readonly #passes: Readonly<Record<PassName, readonly Plan[]>>;
  readonly #stages: Readonly<Record<StageName, Plan>>;
  readonly #taken: { free(): void }[] = [];

  /** Takes the buffers and records the plans. */
  constructor(gpu: Gpu, parts: DriverParts, sizes: HessianFreeSizes) {
    const { model, order, statistics, gradient, states, measured } = parts;
    const { parameters: { replicas } } = parts;
    const { gradientCases, curvatureCases, blockCases, longest } = sizes;
    this.#gpu = gpu;
    this.#parts = parts;
    this.#sizes = sizes;
    const take = <Part extends { free(): void }>(part: Part) => (this.#taken.push(part), part);
    const vector = (label: string, layout: VectorLayout = model.layout) =>
      take(new Vector(gpu, label, layout, replicas));
    const batch = (cases: number, keeps: boolean) =>
      take(new BlockedBatch(gpu, model, { replicas, order, statistics, blockCases, cases, keeps }));
    this.#batches = {
      gradient: batch(gradientCases, false),
      curvature: batch(curvatureCases, true),
    };
    const [ofGradient, ofCurvature] = Object.values(this.#batches).map((all) => all.listLayout);
    this.#losses = {
      first: vector("losses at theta", ofGradient),
      other: vector("losses elsewhere", ofGradient),
      firstOfCurvature: vector("curvature losses at theta", ofCurvature),
      otherOfCurvature: vector("curvature losses elsewhere", ofCurvature),
    };
    this.#image = vector("image");
    this.#candidate = vector("candidate");
    this.#preconditioner = sizes.preconditions ? vector("preconditioner") : undefined;
    const summed = [gradient, ...Object.values(this.#losses)];
    const floats = Math.max(...summed.map((vector) => partialFloats(vector, 2)));
    this.#structural = take(allocated(gpu, "structural damping", replicas)).buffer;
    this.#partials = take(allocated(gpu, "partial sums", floats)).buffer;
    this.solver = take(
      new ConjugateGradient(gpu, {
        gradient,
        x: states.velocity,
        scratch: {
          residual: vector("residual"),
          direction: vector("direction"),
          image: this.#image,
        },
        ...this.#preconditioner && { preconditioner: this.#preconditioner },
        product: (plan, direction, image) => this.#recordProduct(plan, direction, image),
        numbers: measured!,
        longest,
      }),
    );
    const blocks = this.#batches.gradient.blocks.length + this.#batches.curvature.blocks.length;
    const { names, groups } = parts.scalars;
    const scalars = replicas * groups * names.length;
    this.#table = take(new StepTable(gpu, { capacity: blocks + 1, scalars }));
    this.#passes = this.#recordPasses();
    this.#stages = this.#recordStages();
    this.all = [...Object.values(this.#stages), ...new Set(Object.values(this.#passes).flat())];
    for (const plan of this.all) plan.seal();
  }

  /** Has the next plans be those of an update. */
  write(update: number, scalars: readonly number[]): void {
    const { gradientCases, curvatureCases } = this.#sizes;
    const { train } = this.#parts.model.cases;
    // With all cases the curvature's come in turn, of one permutation; else they are the first ones of
    // the gradient's.
    const isAll = gradientCases === train;
    const rows = (batch: BlockedBatch, start: number) =>
      batch.blocks.map(({ first }): StepRow => ({
        ...{ update, scalars },
        slot: first,
        position: (start + first) % train,
        epoch: isAll ? 0 : Math.floor((start + first) / train),
      }));
    this.#table.write([
      ...rows(this.#batches.gradient, isAll ? 0 : update * gradientCases),
      ...rows(this.#batches.curvature, isAll ? update * curvatureCases : update * gradientCases),
      { update, scalars, slot: 0, position: 0, epoch: 0 },
    ]);
  }

  /** Submits a pass over all blocks of a batch. */
  pass(name: PassName): void {
    const first = name.startsWith("curvature") ? this.#batches.gradient.blocks.length : 0;
    this.#passes[name].forEach((plan, b) => this.#submit(plan, first + b));
  }

  /** Submits what lies between passes. */
  stage(name: StageName): void {
    const { gradient, curvature } = this.#batches;
    this.#submit(this.#stages[name], gradient.blocks.length + curvature.blocks.length);
  }

  #submit(plan: Plan, row: number): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    plan.encode(encoder, { bind: (pass) => this.#table.bind(pass, row) });
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  #recordPasses(): Record<PassName, readonly Plan[]> {
    const { parameters, gradient: out, seeds } = this.#parts;
    const { gradient, curvature } = this.#batches;
    const { first, other, firstOfCurvature, otherOfCurvature } = this.#losses;
    const preconditioner = this.#preconditioner;
    const losses = (batch: BlockedBatch, list: Vector, at: Vector, withCases: boolean) =>
      batch.plans((plan, block) => {
        if (withCases) block.graph.recordCases(plan, { seeds });
        batch.recordLosses(plan, block, list, (caseLoss) => {
          block.graph.recordLoss(plan, { parameters: at, seeds, caseLoss });
        });
      });
    return {
      gradient: gradient.plans((plan, block) => {
        const { graph, cases } = block;
        graph.recordCases(plan, { seeds });
        gradient.recordLosses(plan, block, first, (caseLoss) => {
          gradient.recordMean(plan, block, out, (gradient) => {
            const takesStatistics = true;
            graph.recordGradient(plan, { parameters, gradient, seeds, caseLoss, takesStatistics });
          });
        });
        if (!preconditioner) return;
        // What a case adds to the block's gradient is divided by the cases of the block.
        const share = cases * cases / gradient.cases;
        gradient.recordSum(plan, share, preconditioner, (squares) => {
          ruleOf(graph, "recordSquares")(plan, { parameters, squares, seeds });
        });
      }),
      curvature: losses(curvature, firstOfCurvature, parameters, true),
      loss: losses(gradient, other, this.#image, true),
      curvatureLoss: losses(curvature, otherOfCurvature, this.#image, false),
    };
  }

  #recordStages(): Record<StageName, Plan> {
    const { gradient, states: { velocity: x } } = this.#parts;
    const { first, other, firstOfCurvature, otherOfCurvature } = this.#losses;
    const { gradientCases, curvatureCases } = this.#sizes;
    const candidate = this.#candidate;
    const atGradient = {
      vectors: { first, other },
      sums: { change: "other - first" },
    };
    const atCurvature = {
      vectors: { first: firstOfCurvature, other: otherOfCurvature },
      sums: { change: "other - first", level: "first" },
    };
    const stage = (record: (plan: Plan) => void) => {
      const plan = new Plan(this.#gpu);
      record(plan);
      return plan;
    };
    const takeIterate = (plan: Plan) =>
      this.#pointwise(plan, "hf candidate", "candidate = select(candidate, x, takes > 0);", {
        ...{ reads: { x }, updates: { candidate } },
      });
    return {
      clear: stage((plan) => {
        this.#batches.gradient.recordClear(plan, gradient);
        if (this.#preconditioner) this.#batches.gradient.recordClear(plan, this.#preconditioner);
      }),
      begin: stage((plan) => this.#recordBegin(plan)),
      step: stage((plan) => this.solver.recordStep(plan)),
      atMark: stage((plan) => this.#recordPoint(plan, x, "1f")),
      judge: stage((plan) => {
        this.#sums(plan, "hf judge", { ...atGradient, body: lines.judge(gradientCases) });
        takeIterate(plan);
      }),
      choose: stage((plan) => {
        this.#sums(plan, "hf choose", { vectors: { gradient }, sums: {}, body: lines.choose });
        takeIterate(plan);
        this.#sums(plan, "hf candidate", {
          vectors: { gradient, candidate },
          sums: { itself: "candidate * candidate", along: "candidate * gradient" },
          body: lines.measureCandidate,
        });
        this.#recordPoint(plan, candidate, "1f");
      }),
      trust: stage((plan) => {
        this.#sums(plan, "hf trust", { ...atCurvature, body: lines.trust(curvatureCases) });
      }),
      try: stage((plan) => this.#recordPoint(plan, candidate, "step")),
      search: stage((plan) => {
        this.#sums(plan, "hf search", { ...atGradient, body: lines.search(gradientCases) });
      }),
      finish: stage((plan) => this.#recordFinish(plan)),
    };
  }

  #recordBegin(plan: Plan): void {
    const { gradient, parameters, states: { velocity: x }, meanLoss, diverges } = this.#parts;
    const { buffer, replicas, layout: { length: stride } } = this.#losses.first;
    const extent = { cases: this.#sizes.gradientCases, replicas, stride };
    caseMean(plan, buffer, extent, { ring: meanLoss, divergedAt: diverges.at });
    this.#pointwise(plan, "hf decay", "gradient = fma(vec4f(l2_of_all), parameters, gradient);", {
      ...{ reads: { parameters }, updates: { gradient } },
    });
    this.#sums(plan, "hf begin", {
      ...{ vectors: { gradient }, sums: {}, body: lines.begin },
      series: { buffer: this.#structural, length: 1 },
    });
    const preconditioner = this.#preconditioner;
    if (preconditioner) {
      // (h + lambda + l2)^(3/4), from the mean squares h.
      const updates = { preconditioner };
      this.#weights(plan, "hf curvature of decay", "preconditioner += l2;", { updates });
      const body = `
        let root = sqrt(preconditioner + lambda + l2_of_all);
        preconditioner = select(vec4f(1), root * sqrt(root), precondition > 0);`;
      this.#pointwise(plan, "hf preconditioner", body, { updates });
    }
    this.#pointwise(plan, "hf hot start", "x = decay * x;", { updates: { x } });
    this.solver.recordBegin(plan);
  }

  /** Records image = (G + l2 + lambda) direction. */
  #recordProduct(plan: Plan, direction: Vector, image: Vector): void {
    const { parameters, seeds } = this.#parts;
    const { curvature } = this.#batches;
    const structuralDamping = this.#sizes.dampsStructure ? this.#structural : undefined;
    curvature.recordClear(plan, image);
    for (const block of curvature.blocks) {
      curvature.recordMean(plan, block, image, (product) => {
        ruleOf(block.graph, "recordCurvature")(plan, {
          ...{ parameters, direction, product, seeds, structuralDamping },
        });
      });
    }
    const body = "image = fma(vec4f(lambda + l2_of_all), direction, image);";
    this.#pointwise(plan, "hf damping", body, { reads: { direction }, updates: { image } });
  }

  /** Records image = theta + step p, and what weight decay adds to the loss there. */
  #recordPoint(plan: Plan, p: Vector, step: "1f" | "step"): void {
    const { parameters } = this.#parts;
    const image = this.#image;
    const vectors = { reads: { p, parameters }, updates: { image } };
    const decay = `
      let by = ${step} * p;
      image = l2_of_all * by * (parameters + by / 2);`;
    this.#pointwise(plan, "hf decay of a point", decay, vectors);
    const ofWeights = `
      let by = ${step} * p;
      image = fma(l2 * by, parameters + by / 2, image);`;
    this.#weights(plan, "hf decay of weights", ofWeights, vectors);
    this.#sums(plan, "hf penalty", {
      vectors: { image },
      sums: { all: "image" },
      body: "penalty = all;",
    });
    const body = `image = fma(vec4f(${step}), p, parameters);`;
    this.#pointwise(plan, "hf point", body, vectors);
  }

  #recordFinish(plan: Plan): void {
    const { parameters, states: { velocity }, diverges } = this.#parts;
    const { gradientCases, curvatureCases } = this.#sizes;
    const body = lines.finish({ gradient: gradientCases, curvature: curvatureCases });
    this.#sums(plan, "hf finish", { vectors: { parameters }, sums: {}, body });
    pointwise(plan, {
      name: "hf update",
      body: `
        parameters = select(parameters, fma(vec4f(step), candidate, parameters), step != 0);
        velocity = select(velocity, vec4f(), step == 0);`,
      reads: { candidate: this.#candidate },
      updates: { parameters, velocity },
      measured: this.#parts.measured!,
      diverges,
    });
  }

  #pointwise(plan: Plan, name: string, body: string, vectors: {
    reads?: Record<string, Vector>;
    updates: Record<string, Vector>;
  }): void {
    const { scalars, groupOf, measured } = this.#parts;
    pointwise(plan, { name, body, ...vectors, scalars, groupOf, measured: measured! });
  }

  /** Records lines on weights alone, with the network's own decay of them. */
  #weights(plan: Plan, name: string, body: string, vectors: {
    reads?: Record<string, Vector>;
    updates: Record<string, Vector>;
  }): void {
    const { model: { l2 = 0, layout }, measured } = this.#parts;
    if (l2 === 0) return;
    const groupOf = layout.tensors.map(({ isBias }) => isBias ? undefined : 0);
    pointwise(plan, { name, body, ...vectors, groupOf, numbers: { l2 }, measured: measured! });
  }

  #sums(
    plan: Plan,
    name: string,
    job: Pick<VectorSums, "vectors" | "sums" | "body" | "series">,
  ): void {
    const { scalars, measured } = this.#parts;
    vectorSums(plan, { name, ...job, scalars, measured: measured!, partials: this.#partials });
  }

  /** Gives everything back. */
  free(): void {
    for (const part of [...this.#taken, ...this.all]) part.free();
  }
}

/** A rule of second order of a graph, which refuses a model that has none. */
function ruleOf<Name extends "recordCurvature" | "recordSquares">(graph: Graph, name: Name) {
  const rule = graph[name];
  if (rule) return rule.bind(graph) as NonNullable<Graph[Name]>;
  throw new InputError(
    name === "recordCurvature"
      ? "this model has no curvature, which Hessian-free needs: train it by another method"
      : "this model has no squares of gradients, of which the preconditioner is made: set precondition: 0",
  );
}

/** Bytes of the plans' buffers for one replica. */
export function footprintOf(model: Model, sizes: HessianFreeSizes): Footprint {
  const vector = 4 * model.layout.length;
  const { gradientCases, curvatureCases, blockCases, preconditions } = sizes;
  const batches = [
    { cases: gradientCases, blockCases, keeps: false, withSquares: preconditions },
    { cases: curvatureCases, blockCases, keeps: true },
  ].map((batch) => blocksFootprint(model, batch));
  // The image, the candidate, the residual and the direction.
  const vectors = preconditions ? 5 : 4;
  return {
    largest: Math.max(vector, ...batches.map(({ largest }) => largest)),
    total: batches.reduce((sum, { total }) => sum + total, vectors * vector),
  };
}

function allocated(gpu: Gpu, label: string, floats: number) {
  const buffer = allocateFloats(gpu, label, floats);
  return { buffer, free: () => gpu.free(buffer) };
}

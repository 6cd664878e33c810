import {
  adamW,
  type Autoencoder,
  autoencoder,
  classicalMomentum,
  constant,
  Curvature,
  type Dataset,
  glorot,
  type Gpu,
  he,
  type Initializer,
  lanczos,
  nesterov,
  type Optimizer,
  orthogonal,
  type Report,
  sgd,
  sparse,
  Trainer,
} from "../../../mod.ts";
import type { NetworkReport, Pictures, SessionReport } from "../messages.ts";
import { momentumSchedule } from "../momentum.ts";
import type { NetworkSettings, RunSettings } from "../settings.ts";

/** Cases that a figure is averaged over. */
const figureCases = 200;
/** Steps of Lanczos' method: the largest eigenvalue alone is wanted. */
const lanczosSteps = 8;
const shownCases = 8;
const shownFilters = 16;

/** What is trained on: the data set, and some of its cases to be shown. */
export interface Images {
  readonly data: Dataset;
  /** Pixels of a row of an image. */
  readonly width: number;
  readonly shown: readonly Float32Array<ArrayBuffer>[];
}

/** Values of the first cases, as a session shows them. */
export function firstCases(
  values: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
  size: number,
): Float32Array<ArrayBuffer>[] {
  const most = values instanceof Uint8Array ? 255 : 1;
  const count = Math.min(shownCases, values.length / size);
  return Array.from(
    { length: count },
    (_, i) => Float32Array.from(values.subarray(i * size, (i + 1) * size), (v) => v / most),
  );
}

/** Networks in training, side by side. */
export class Session {
  readonly #settings: RunSettings;
  readonly #networks: readonly NetworkSettings[];
  readonly #images: Images;
  readonly #model: Autoencoder;
  readonly #trainer: Trainer;
  /** In force. */
  readonly #rates: number[];
  #curvature: Curvature | undefined;

  /** Throws InputError where the settings do not fit one another, or the images. */
  static async open(
    gpu: Gpu,
    images: Images,
    settings: RunSettings,
    networks: readonly NetworkSettings[],
  ): Promise<Session> {
    const layers = [images.data.width, ...settings.hidden];
    const model = autoencoder({ layers, train: images.data });
    const trainer = await Trainer.open(gpu, {
      model,
      batchSize: settings.batch,
      replicas: networks.map((network) => ({
        seed: settings.seed,
        optimizer: optimizerOf(network, settings),
        initializer: initializerOf(network),
      })),
    });
    return new Session({ settings, networks, images, model, trainer });
  }

  private constructor(parts: {
    settings: RunSettings;
    networks: readonly NetworkSettings[];
    images: Images;
    model: Autoencoder;
    trainer: Trainer;
  }) {
    this.#settings = parts.settings;
    this.#networks = parts.networks;
    this.#images = parts.images;
    this.#model = parts.model;
    this.#trainer = parts.trainer;
    this.#rates = parts.networks.map(({ rate }) => rate);
  }

  get isFinished(): boolean {
    return this.#trainer.update >= this.#settings.updates;
  }

  /** Updates done. */
  get update(): number {
    return this.#trainer.update;
  }

  /** The networks before their first update. */
  async first(): Promise<SessionReport> {
    const figures = await this.#trainer.evaluate("train", this.#figureCases);
    const networks = await this.#reports(figures, []);
    return { update: this.#trainer.update, updatesPerSecond: 0, networks };
  }

  /** Up to `updates` updates more, of a session that is not finished. */
  async advance(updates: number): Promise<SessionReport> {
    const until = Math.min(this.#trainer.update + updates, this.#settings.updates);
    let last!: Report;
    const options = { updates: until, evalCases: this.#figureCases };
    for await (const report of this.#trainer.run(options)) last = report;
    const { update, rate, replicas } = last;
    const networks = await this.#reports(
      replicas.map(({ figures }) => figures),
      replicas.map(({ scalars }) => scalars),
    );
    return { update, updatesPerSecond: rate, networks };
  }

  /** Has a rate or a momentum hold from the next update on, in place of its schedule. */
  async set(network: number, { rate, momentum }: { rate?: number; momentum?: number }) {
    const name = momentumName[this.#networks[network].optimizer];
    if (rate !== undefined) this.#rates[network] = rate;
    await this.#trainer.set(network, {
      ...rate !== undefined && { learningRate: rate },
      ...momentum !== undefined && name !== undefined && { [name]: momentum },
    });
  }

  async pictures(): Promise<Pictures> {
    const { data: { gpu, width: size }, width, shown } = this.#images;
    const inputs = Float32Array.from(shown.flatMap((image) => [...image]));
    const networks = [];
    for (const r of this.#networks.keys()) {
      const theta = await this.#trainer.theta(r);
      const outputs = await this.#model.reconstruct(gpu, theta, inputs);
      networks.push({
        reconstructions: shown.map((_, i) => outputs.slice(i * size, (i + 1) * size)),
        filters: filtersOf(theta[0], size),
      });
    }
    return { width, cases: shown, networks };
  }

  free(): void {
    this.#curvature?.free();
    this.#trainer.free();
  }

  get #figureCases(): number {
    return Math.min(figureCases, this.#images.data.cases);
  }

  /** @param scalars those of the last update; none before the first */
  async #reports(
    figures: readonly Readonly<Record<string, number>>[],
    scalars: readonly Readonly<Record<string, number>>[],
  ): Promise<NetworkReport[]> {
    const sharpness = this.#settings.sharpness ? await this.#sharpness() : [];
    const { replicas } = await this.#trainer.save();
    return this.#networks.map(({ optimizer }, r) => ({
      squaredError: figures[r].squaredError,
      rate: this.#rates[r],
      momentum: scalars[r]?.[momentumName[optimizer] ?? ""],
      velocityNorm: normOf(replicas[r].states.velocity?.values),
      sharpness: sharpness[r],
    }));
  }

  /** The largest eigenvalue of each network's Hessian, over the cases of the figures. */
  async #sharpness(): Promise<number[]> {
    const options = { matrix: "hessian", cases: this.#figureCases } as const;
    if (this.#curvature === undefined) {
      this.#curvature = await Curvature.of(this.#trainer, options);
    } else {
      for (const r of this.#networks.keys()) {
        this.#curvature.move(r, await this.#trainer.theta(r));
      }
    }
    const spectra = await lanczos(this.#curvature, { steps: lanczosSteps });
    return spectra.map(({ values }) => values[0]);
  }
}

/** How an optimizer's settings and scalars call its momentum. */
const momentumName: Readonly<Record<NetworkSettings["optimizer"], string | undefined>> = {
  nag: "momentum",
  cm: "momentum",
  sgd: undefined,
  adamw: "beta1",
};

function optimizerOf(network: NetworkSettings, run: RunSettings): Optimizer {
  const learningRate = constant(network.rate);
  const momentum = momentumSchedule(network, run);
  switch (network.optimizer) {
    case "nag":
      return nesterov({ learningRate, momentum });
    case "cm":
      return classicalMomentum({ learningRate, momentum });
    case "sgd":
      return sgd({ learningRate });
    case "adamw":
      return adamW({ learningRate, beta1: momentum, weightDecay: 0 });
  }
}

function initializerOf({ initializer, scale }: NetworkSettings): Initializer {
  switch (initializer) {
    case "sparse":
      return sparse({ scale });
    case "glorot":
      return glorot({ scale });
    case "he":
      return he({ scale });
    case "orthogonal":
      return orthogonal({ gain: scale });
  }
}

/** The weights [size, units] into the first units, unit by unit. */
function filtersOf(weights: Float32Array, size: number): Float32Array<ArrayBuffer>[] {
  const units = weights.length / size;
  return Array.from(
    { length: Math.min(units, shownFilters) },
    (_, unit) => Float32Array.from({ length: size }, (_, pixel) => weights[pixel * units + unit]),
  );
}

function normOf(values: Float32Array | undefined): number | undefined {
  return values && Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
}

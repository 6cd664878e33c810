/// <reference lib="webworker" />
// The GPU's side of the page: orders come in, answers go out, one thing at a time.

import {
  AdapterError,
  Dataset,
  generateCurves,
  type Gpu,
  GPUFault,
  GPUMemoryError,
  InputError,
  openGPU,
} from "../../../mod.ts";
import { type ImageFile, readImages } from "./images.ts";
import { measure } from "./measure.ts";
import type { Answer, Order } from "../messages.ts";
import { firstCases, type Images, Session } from "./session.ts";

/** Between two reports networks train about so long, or as long as a report takes besides. */
const report_ms = 250;
/** Pictures are made at most so often while networks train. */
const pictures_ms = 1500;
const dataSeed = 1;

const orders: Order[] = [];
let awake = () => {};

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  orders.push(data);
  awake();
});

function tell(answer: Answer): void {
  postMessage(answer);
}

/** What stands on the GPU. */
class Workbench {
  readonly #gpu: Gpu;
  #file: ImageFile | undefined;
  #images: Images | undefined;
  /** What they were made of. */
  #made: ImageFile | number | undefined;
  #session: Session | undefined;
  /** Of the session. */
  #number = 0;
  #isTraining = false;
  #every = 1;
  #drawn_ms = 0;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Obeys orders, and trains between them. */
  async work(): Promise<never> {
    for (;;) {
      const order = orders.shift();
      if (order !== undefined) await this.#attempt(order);
      else if (this.#isTraining) await this.#attempt({ type: "step" });
      else await new Promise<void>((resolve) => awake = resolve);
    }
  }

  /** What was wrong with an order is told, and the next one may be better. */
  async #attempt(order: Order): Promise<void> {
    try {
      await this.#obey(order);
    } catch (error) {
      if (!(error instanceof InputError || error instanceof GPUMemoryError)) throw error;
      this.#isTraining = false;
      tell({ type: "failed", of: order.type, message: error.message });
    }
  }

  async #obey(order: Order): Promise<void> {
    switch (order.type) {
      case "open":
        return await this.#open(order);
      case "train":
        this.#isTraining = this.#session !== undefined && !this.#session.isFinished;
        return;
      case "pause":
        this.#isTraining = false;
        return await this.#stop();
      case "step":
        return await this.#advance();
      case "set":
        return await this.#session?.set(order.network, order);
      case "images":
        this.#file = await naming(order.name, () => readImages(order.bytes));
        return tell({ type: "images", name: order.name, cases: this.#file.cases });
      case "measure": {
        const times = await measure(this.#gpu, (what) => tell({ type: "measuring", what }));
        return tell({ type: "measured", times });
      }
    }
  }

  async #open({ session, settings, networks }: Order & { type: "open" }): Promise<void> {
    this.#session?.free();
    this.#session = undefined;
    this.#isTraining = false;
    this.#number = session;
    const images = this.#prepare(settings.cases);
    this.#session = await Session.open(this.#gpu, images, settings, networks);
    this.#every = 1;
    tell({ type: "report", session, report: await this.#session.first() });
    await this.#draw();
  }

  /** The dropped images, or so many Curves; on the GPU already where they were the last ones. */
  #prepare(cases: number): Images {
    const made = this.#file ?? cases;
    if (this.#images && this.#made === made) return this.#images;
    this.#images?.data.free();
    const { values, width, height } = this.#file ?? {
      values: generateCurves({ seed: dataSeed, train: cases, test: 0 }).train,
      ...{ width: 28, height: 28 },
    };
    const size = width * height;
    const data = new Dataset(this.#gpu, values, { width: size, label: "images" });
    this.#made = made;
    return this.#images = { data, width, shown: firstCases(values, size) };
  }

  async #advance(): Promise<void> {
    const session = this.#session;
    if (session === undefined || session.isFinished) return;
    const start = performance.now();
    const updates = this.#isTraining ? this.#every - session.update % this.#every : 1;
    const report = await session.advance(updates);
    tell({ type: "report", session: this.#number, report });
    if (this.#isTraining) {
      const update_ms = 1000 / report.updatesPerSecond;
      const rest_ms = performance.now() - start - updates * update_ms;
      this.#every = nextInterval(this.#every, update_ms, Math.max(report_ms, rest_ms));
    }
    if (session.isFinished) this.#isTraining = false;
    if (!this.#isTraining) return await this.#stop();
    if (performance.now() - this.#drawn_ms > pictures_ms) await this.#draw();
  }

  async #stop(): Promise<void> {
    if (this.#session === undefined) return;
    tell({ type: "stopped", session: this.#number, isFinished: this.#session.isFinished });
    await this.#draw();
  }

  async #draw(): Promise<void> {
    if (this.#session === undefined) return;
    tell({ type: "pictures", session: this.#number, pictures: await this.#session.pictures() });
    this.#drawn_ms = performance.now();
  }
}

/** 1, 2, 5, 10, ... updates between two reports, a place up or down, to take about so long. */
function nextInterval(every: number, update_ms: number, wanted_ms: number): number {
  const digit = Number(String(every)[0]);
  if (every * update_ms < wanted_ms / 2) return digit === 2 ? 2.5 * every : 2 * every;
  if (every * update_ms > 2 * wanted_ms && every > 1) return digit === 5 ? every / 2.5 : every / 2;
  return every;
}

async function naming<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${name}: ${error.message}`) : error;
  }
}

try {
  const gpu = await openGPU();
  tell({ type: "adapter", name: gpu.description, isSoftware: gpu.isSoftware });
  await new Workbench(gpu).work();
} catch (error) {
  tell({ type: "failed", of: "gpu", message: error instanceof Error ? error.message : "" });
  if (!(error instanceof AdapterError || error instanceof GPUFault)) throw error;
}

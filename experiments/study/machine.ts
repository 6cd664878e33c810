import {
  type Gpu,
  type GPUFault,
  type Model,
  openGPU,
  type OpenOptions,
  Profile,
} from "../../mod.ts";

/** How a {@linkcode Machine} comes about, as often as it has to. */
export interface MachineOptions {
  /** Asks for the adapter. */
  adapter: () => Promise<GPUAdapter>;
  /** Whether GPU time is measured by kernel. */
  profile?: boolean;
  /** Where products read their matrices. Default: what suits the adapter. */
  operands?: NonNullable<OpenOptions["operands"]>;
  /** Where the fastest variants of kernels are kept. Default: none are measured. */
  tuning?: OpenOptions["tuning"];
}

/** A program opens the GPU anew so many times at most. */
export const mostReopenings = 3;

const lossIsTold_ms = 100;

/** What a failure of the GPU was, in words: a lost device shows in many ways before it is told. */
export async function describeFault({ device }: Gpu, failure: GPUFault): Promise<string> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, lossIsTold_ms));
  const lost = await Promise.race([device.lost, late]);
  return lost ? `the device was lost (${lost.reason})` : failure.message;
}

/** A GPU with the models on it, which can be opened anew where the device is lost. */
export class Machine implements Disposable {
  /** What the adapter is. */
  adapter!: GPUAdapter;
  gpu!: Gpu;
  /** GPU time by kernel, since the GPU was opened. */
  profile: Profile | undefined;
  /** How often it was opened anew. */
  reopenings = 0;
  readonly #options: MachineOptions;
  readonly #models = new Map<string, Promise<Model>>();

  private constructor(options: MachineOptions) {
    this.#options = options;
  }

  /** Opens the GPU. */
  static async open(options: MachineOptions): Promise<Machine> {
    const machine = new Machine(options);
    await machine.#open();
    return machine;
  }

  /** The model of a key: made once for every GPU that is opened. */
  model(key: string, make: (gpu: Gpu) => Promise<Model>): Promise<Model> {
    const found = this.#models.get(key);
    if (found) return found;
    const made = make(this.gpu);
    this.#models.set(key, made);
    return made;
  }

  /** Gives the device up for a new one. What was on it is gone. */
  async reopen(): Promise<void> {
    this.gpu.close();
    this.reopenings++;
    await this.#open();
  }

  async #open(): Promise<void> {
    const { adapter, profile, operands, tuning } = this.#options;
    this.#models.clear();
    this.adapter = await adapter();
    this.gpu = await openGPU({ adapter: this.adapter, tuning, ...operands && { operands } });
    this.profile = profile ? new Profile(this.gpu) : undefined;
  }

  /** Closes the GPU. */
  [Symbol.dispose](): void {
    this.gpu.close();
  }
}

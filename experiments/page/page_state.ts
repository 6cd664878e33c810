import { InputError, printable, type Schedule } from "../../mod.ts";
import { lessons } from "./lessons.ts";
import type { Answer, MeasuredTime, NetworkReport, Order, Pictures } from "./messages.ts";
import { momentumSchedule } from "./momentum.ts";
import {
  type BowlSettings,
  mostNetworks,
  type NetworkSettings,
  parseLink,
  printLink,
  type RunSettings,
  type Settings,
  settingsOf,
} from "./settings.ts";

/** What goes on. */
export type Activity =
  | "opening"
  | "ready"
  | "training"
  | "finished"
  | "measuring"
  /** Networks cannot be opened with the settings. */
  | "refused"
  /** There is no GPU, or no longer one. */
  | "lost";

/** What was reported of one network, and where. */
export type ReportOf = NetworkReport & { readonly update: number };

/** The networks begin anew so long after the last change of a setting. */
const settle_ms = 200;

/** All that the page shows, and what its visitor can do. */
export class PageState {
  settings: Settings = settingsOf();
  activity: Activity = "opening";
  /** Of each network, in order. */
  reports: readonly ReportOf[][] = [];
  /** mu_t as it is planned; undefined where it was set by hand since, or there is none. */
  plans: readonly (Schedule | undefined)[] = [];
  update = 0;
  updatesPerSecond = 0;
  pictures: Pictures | undefined;
  adapter: { readonly name: string; readonly isSoftware: boolean } | undefined;
  /** The file that is trained on in place of Curves. */
  file: { readonly name: string; readonly cases: number } | undefined;
  measuring: string | undefined;
  times: readonly MeasuredTime[] | undefined;
  /** What was wrong with what the visitor gave, or with the GPU. */
  complaint: string | undefined;
  readonly #worker: Worker | undefined;
  readonly #listeners = new Set<() => void>();
  #session = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param worker the GPU's side; undefined where there is no WebGPU */
  constructor(worker: Worker | undefined) {
    this.#worker = worker;
    if (worker === undefined) this.activity = "lost";
    worker?.addEventListener("message", ({ data }) => this.#hear(data));
    worker?.addEventListener("error", ({ message }) => this.#lose(message || "the worker failed"));
  }

  /** Calls back at each change, until it is called off. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes the settings of a link; where they are wrong, it says so and takes the usual ones. */
  follow(link: string): void {
    try {
      const settings = parseLink(link);
      checkLesson(settings.lesson);
      this.#renew(settings);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#renew(settingsOf(), `${error.message}. The usual settings are shown.`);
    }
  }

  get link(): string {
    return printLink(this.settings);
  }

  train(): void {
    this.#open();
    this.activity = "training";
    this.#order({ type: "train" });
  }

  pause(): void {
    this.#order({ type: "pause" });
  }

  step(): void {
    this.#open();
    this.#order({ type: "step" });
  }

  /** All networks at update 0, with the settings as they stand. */
  reset(): void {
    this.#renew(this.settings);
    this.#open();
  }

  /** Changes what networks have in common, which begins them anew. */
  setRun(change: Partial<RunSettings>): void {
    this.#renew({ ...this.settings, run: { ...this.settings.run, ...change } });
  }

  /** A rate or a momentum holds at once; other changes begin the networks anew. */
  setNetwork(index: number, change: Partial<NetworkSettings>): void {
    const networks = this.settings.networks.map((network, i) =>
      i === index ? { ...network, ...change } : network
    );
    const { rate, momentum, ...other } = change;
    if (Object.keys(other).length > 0 || this.update === 0) return this.#setNetworks(networks);
    this.settings = { ...this.settings, networks };
    if (momentum !== undefined) this.plans = this.plans.with(index, undefined);
    this.#order({
      ...{ type: "set", network: index },
      ...rate !== undefined && { rate },
      ...momentum !== undefined && { momentum },
    });
  }

  addNetwork(): void {
    const { networks } = this.settings;
    if (networks.length < mostNetworks) this.#setNetworks([...networks, networks.at(-1)!]);
  }

  removeNetwork(index: number): void {
    this.#setNetworks(this.settings.networks.filter((_, i) => i !== index));
  }

  setBowl(change: Partial<BowlSettings>): void {
    this.settings = { ...this.settings, bowl: { ...this.settings.bowl, ...change } };
    this.#changed();
  }

  async takeFile(file: File): Promise<void> {
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      this.#order({ type: "images", name: file.name, bytes }, [bytes.buffer]);
    } catch {
      this.complain(`${file.name} cannot be read: drop a file, and no folder`);
    }
  }

  measure(): void {
    if (this.activity === "training") this.pause();
    this.activity = "measuring";
    this.#order({ type: "measure" });
  }

  /** Shows what was wrong with what was typed. */
  complain(complaint: string): void {
    this.complaint = complaint;
    this.#changed();
  }

  #setNetworks(networks: readonly NetworkSettings[]): void {
    this.#renew({ ...this.settings, networks });
  }

  /** Has networks of these settings begin, soon. */
  #renew(settings: Settings, complaint?: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), settle_ms);
    this.#session++;
    const { networks, run } = settings;
    this.settings = settings;
    this.complaint = complaint;
    this.reports = networks.map(() => []);
    this.plans = networks.map((network) => planOf(network, run));
    this.update = 0;
    this.updatesPerSecond = 0;
    if (this.activity !== "lost") this.activity = "opening";
    this.#changed();
  }

  /** Opens what is to begin anew, if anything is. */
  #open(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { run: settings, networks } = this.settings;
    this.#order({ type: "open", session: this.#session, settings, networks });
  }

  #order(order: Order, given: Transferable[] = []): void {
    this.#worker?.postMessage(order, given);
    this.#changed();
  }

  #hear(answer: Answer): void {
    // What was under way when the settings changed.
    if ("session" in answer && answer.session !== this.#session) return;
    switch (answer.type) {
      case "adapter":
        this.adapter = answer;
        break;
      case "report": {
        const { update, updatesPerSecond, networks } = answer.report;
        this.update = update;
        if (this.activity === "opening") this.activity = "ready";
        this.updatesPerSecond = updatesPerSecond;
        this.reports = this.reports.map((reports, i) => {
          reports.push({ update, ...networks[i] });
          return reports;
        });
        break;
      }
      case "pictures":
        this.pictures = answer.pictures;
        break;
      case "stopped":
        if (this.activity !== "measuring") {
          this.activity = answer.isFinished ? "finished" : "ready";
        }
        break;
      case "images":
        this.file = answer;
        this.#renew(this.settings);
        break;
      case "measuring":
        this.measuring = answer.what;
        break;
      case "measured":
        this.times = answer.times;
        this.measuring = undefined;
        this.activity = this.update >= this.settings.run.updates ? "finished" : "ready";
        break;
      case "failed":
        if (answer.of === "gpu") return this.#lose(answer.message);
        this.complaint = answer.message;
        if (answer.of === "open") this.activity = "refused";
        else if (this.activity === "training" || this.activity === "measuring") {
          this.activity = "ready";
        }
    }
    this.#changed();
  }

  #lose(message: string): void {
    this.activity = "lost";
    this.complaint = message;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function checkLesson(lesson: string | undefined): void {
  const names = lessons.map(({ name }) => name);
  if (lesson === undefined || names.includes(lesson)) return;
  throw new InputError(`there is no lesson "${printable(lesson)}": there are ${names.join(", ")}`);
}

/** The library says what is wrong with settings when networks are opened. */
function planOf(network: NetworkSettings, run: RunSettings): Schedule | undefined {
  if (network.optimizer === "sgd") return undefined;
  try {
    return momentumSchedule(network, run);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}

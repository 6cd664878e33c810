import type { AutoencoderBudget, PhasesBudget, RecurrentBudget } from "./budget.ts";
import type { PaperSequences } from "./configurations.ts";
import type { DataOptions } from "./data.ts";
import type { AutoencoderTableName } from "./paper_tables.ts";

/** A table that a command asks for. */
export type TableRequest = AutoencoderRequest | RecurrentRequest;

interface AutoencoderRequest {
  readonly name: AutoencoderTableName;
  readonly preset: string;
  readonly budget: AutoencoderBudget;
  readonly data: DataOptions;
}

interface RecurrentRequest {
  readonly name: "table5";
  readonly preset: string;
  readonly budget: RecurrentBudget;
  readonly problems: readonly PaperSequences[];
}

/** The experiment that a command asks for. */
export interface PhasesRequest {
  readonly preset: string;
  readonly budget: PhasesBudget;
  readonly data: DataOptions;
}

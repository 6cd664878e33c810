import type { Gpu, Model, Replica, Split, TrainerOptions } from "../../mod.ts";
import type { Cell as TableCell } from "../files/tables.ts";
import type { CellRow, Configuration, Splits } from "./cell.ts";
import type { Outcome } from "./outcomes.ts";

/** How networks of a kind are told, which needs no data of theirs. */
export interface KindTables {
  /** The figure that tables show. */
  readonly figure: KindFigure;
  /** The figure of what learns nothing, for comparison. */
  readonly baseline?: {
    readonly title: string;
    of(configuration: Configuration): number | undefined;
  };
  /** The columns of its tables; see {@linkcode KindColumns}. */
  readonly columns: KindColumns;
}

/** A kind of network that cells are of. */
export interface NetworkKind extends KindTables {
  /** What a model depends on: cells that agree in it are served by one. */
  modelKey(configuration: Configuration): string;
  /** The model of a cell, for so many networks side by side. */
  model(gpu: Gpu, configuration: Configuration, replicas: number): Promise<Model>;
  /** One of the networks trained side by side. */
  replica(configuration: Configuration): Replica;
  /** What else the trainer is told. */
  readonly trainer?: Pick<TrainerOptions, "clipNorm" | "gradientNorm">;
}

/** A model's figure in tables. */
export interface KindFigure {
  /** As the model calls it. */
  readonly name: string;
  /** The split by which networks are compared. */
  readonly split: Split;
  /** As columns call it: squared_error. */
  readonly column: string;
  /** In words. */
  readonly title: string;
  /** Its unit, beside an axis. */
  readonly unit: string;
}

/** A column of a table: its name, and its cell of an entry. */
export interface Column<Entry> {
  readonly name: string;
  cell(entry: Entry): TableCell;
}

/** Columns that the tables of a kind have of their own. */
export interface KindColumns {
  /** Of curve.csv, after the momentum. */
  readonly curve: readonly Column<CellRow>[];
  /** Of curve.csv, at its end. */
  readonly furtherCurve: readonly Column<CellRow>[];
  /** Of summary.csv, after the updates. */
  readonly summary: readonly Column<Outcome>[];
}

/** The figure by which networks are compared. */
export function figureOf({ name, split }: KindFigure, splits: Splits): number | undefined {
  return splits[split][name];
}

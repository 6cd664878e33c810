import { csvLine } from "../../experiments/files/tables.ts";
import { alignTable } from "../../experiments/terminal/aligned_table.ts";

/** Faults of one kind, and what became of them. */
export interface LedgerRow {
  readonly section: string;
  /** What was done. */
  readonly fault: string;
  /** What it is to survive it. */
  readonly survival: string;
  readonly tried: number;
  readonly survived: number;
}

/** What is entered: faults of one kind that were survived, or one that was not. */
type Entry = Pick<LedgerRow, "section" | "fault" | "survival"> & { readonly count?: number };

const columns = ["section", "fault", "survival", "tried", "survived"] as const;

/** Counts faults tried and survived, in the order in which their kinds first came. */
export class Ledger {
  readonly #rows = new Map<string, LedgerRow>();
  /** What was not survived, in words. */
  readonly failures: string[] = [];

  /** Enters faults that were survived. */
  survived({ count = 1, ...kind }: Entry): void {
    this.#add(kind, count, count);
  }

  /** Enters one that was not. */
  failed({ count: _, ...kind }: Entry, error: unknown): void {
    this.#add(kind, 1, 0);
    const reason = error instanceof Error ? error.message : String(error);
    this.failures.push(`${kind.section}: ${kind.fault}: ${reason}`);
  }

  /** The kinds of faults. */
  get rows(): LedgerRow[] {
    return [...this.#rows.values()];
  }

  /** For the terminal. */
  toText(): string {
    const rows = this.rows.map(({ fault, tried, survived }) => [fault, tried, survived]);
    return alignTable([["fault", "tried", "survived"], ...rows]);
  }

  toCSV(): string {
    return [columns, ...this.rows.map((row) => columns.map((column) => row[column]))]
      .map(csvLine).join("");
  }

  /** For the README. */
  toMarkdown(): string {
    const number = new Intl.NumberFormat("en-US");
    const lines = this.rows.map(({ fault, survival, tried, survived }) => [
      ...[fault, survival],
      ...[tried, survived].map((count) => number.format(count)),
    ]);
    const heading = [["fault", "survived means", "tried", "survived"], [
      "---",
      "---",
      "--:",
      "--:",
    ]];
    return [...heading, ...lines].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
  }

  #add(kind: Omit<LedgerRow, "tried" | "survived">, tried: number, survived: number): void {
    const { fault } = kind;
    const before = this.#rows.get(fault) ?? { ...kind, tried: 0, survived: 0 };
    this.#rows.set(fault, {
      ...before,
      tried: before.tried + tried,
      survived: before.survived + survived,
    });
  }
}

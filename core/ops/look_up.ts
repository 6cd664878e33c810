import sumSource from "../../shaders/sum_by_entry.wgsl" with { type: "text" };
import source from "../../shaders/look_up.wgsl" with { type: "text" };
import { padded, type Tensor, tensorLength } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { spread } from "./axpy.ts";
import { shapeText } from "./epilogue.ts";
import { checkAlone } from "./loss_rows.ts";

/** Which row of a table stands for a row of steps: the one that its token numbers, or its step. */
export interface Entries {
  /** Numbers from 0 on, [R, T, B, 1]. Left out, an entry is a step. */
  tokens?: Tensor;
}

/**
 * Records out[r][t][i] = table[r][entry], plus x[r][t][i] where x is given: table [R, entries, N], the
 * others [R, T, B, N]. A token that numbers no entry makes NaN.
 */
export function lookUp(
  plan: Plan,
  { tokens, table, x, out }: Entries & { table: Tensor; x?: Tensor; out: Tensor },
): void {
  checkEntries(table, out, tokens);
  checkAlone(out, [x]);
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("look_up", [source], {
    WORKGROUP: workgroup,
    TOKENS: tokens !== undefined,
    ADDS: x !== undefined,
  });
  const count = out.replicas * out.replicaStride / 4;
  plan.dispatch(kernel, {
    shape: {
      ...{ count, entries: table.rows, steps: out.steps, cases: out.rows, none: 0x7fc00000 },
      ...{ rows: padded(out.rows), columns: out.stride / 4, units: out.columns },
      table: [table.offset / 4, table.replicaStride / 4],
    },
    table: table.buffer,
    ...(tokens && { tokens: tokens.buffer }),
    ...(x && { x: x.buffer }),
    out: out.buffer,
  }, { groups: spread(plan.gpu, Math.ceil(count / workgroup), 1), iterations: 0 });
}

/** Numbers of a replica that {@linkcode sumByEntry} needs for the chains of tokens. */
export function chainLength(
  entries: number,
  { steps, rows }: { steps: number; rows: number },
): number {
  return entries + steps * padded(rows);
}

/**
 * Records out[r][entry] = the sum of delta[r][t][i] over the steps t and cases i that read the entry, in
 * their order: out [R, entries, N], delta [R, T, B, N]. Tokens need a buffer for `chainLength()`
 * numbers a replica, which lie `chains.replicaStride` apart.
 */
export function sumByEntry(
  plan: Plan,
  { tokens, delta, out, chains }: Entries & { delta: Tensor; out: Tensor; chains?: Tensor },
): void {
  checkEntries(out, delta, tokens);
  const { steps, rows, stride, replicas } = delta;
  const length = chainLength(out.rows, delta);
  if (tokens && !(chains && chains.offset === 0 && tensorLength(chains) / replicas >= length)) {
    throw new RangeError(`the chains of tokens take ${length} numbers a replica`);
  }
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const columns = stride / 4, count = padded(out.rows);
  const shape = {
    ...{ entries: out.rows, count, steps, rows: padded(rows), cases: rows, columns },
    ...{ chains: chains?.replicaStride ?? 0, out: [out.offset / 4, out.replicaStride / 4] },
  };
  const kernel = (link: boolean) =>
    plan.gpu.kernel(link ? "link_tokens" : "sum_by_entry", [sumSource], {
      WORKGROUP: workgroup,
      LINK: link,
      TOKENS: tokens !== undefined,
    });
  if (tokens) {
    plan.dispatch(kernel(true), { shape, tokens: tokens.buffer, chains: chains!.buffer }, {
      groups: [Math.ceil(out.rows / workgroup), 1, replicas],
      iterations: steps * padded(rows),
    });
  }
  plan.dispatch(kernel(false), {
    shape,
    ...(tokens && { chains: chains!.buffer }),
    delta: delta.buffer,
    out: out.buffer,
  }, {
    groups: [Math.ceil(count * columns / workgroup), 1, replicas],
    iterations: tokens ? steps * padded(rows) : rows,
  });
}

/** Throws unless a table goes with rows of steps, and tokens are one a row. */
function checkEntries(table: Tensor, of: Tensor, tokens: Tensor | undefined): void {
  const fits = table.columns === of.columns && table.replicas === of.replicas && of.offset === 0 &&
    (tokens !== undefined || table.rows === of.steps);
  if (!fits) throw new RangeError(`${shapeText(table)} is no table of ${shapeText(of)}`);
  if (tokens) checkAlone(of, [tokens], [1]);
}

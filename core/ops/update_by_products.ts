import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Vector } from "../gpu/vector.ts";
import { buffersOfLines, composeLines, isSameLayout, linesBindings } from "./lines.ts";
import { groupsOf, type Product, recordProducts } from "./matmul.ts";
import { type Pointwise, pointwise } from "./pointwise.ts";

/** Buffers that products bind besides those of an update: a and b. */
const OPERANDS = 2;

/**
 * Whether an update can be part of the products that give its gradient; see
 * {@linkcode updateByProducts}. Its lines must move vectors of one layout, and the adapter bind all.
 */
export function canUpdateByProducts(
  gpu: Gpu,
  products: readonly Product[],
  update: Pointwise,
): boolean {
  const { gradient, ...others } = update.reads ?? {};
  const { parameters } = update.updates;
  const most = gpu.device.limits.maxStorageBuffersPerShaderStage;
  return gradient !== undefined && Object.keys(others).length === 0 && !update.when &&
    Object.values(update.updates).every(({ layout }) => isSameLayout(layout, gradient.layout)) &&
    buffersOfLines(update) + OPERANDS <= most &&
    products.every(({ out, plus, adds, then }) =>
      out.buffer === gradient.buffer && !adds && !then &&
      (!plus || plus.buffer === parameters?.buffer)
    );
}

/**
 * Records an update of neighbouring replicas with the products of all replicas that give its gradient:
 * what they come to is not stored, and the lines take it where it is computed. Tensors that no product
 * gives are updated by themselves. The bits of parameters and states are those of products and an update
 * behind them; the gradient is left as it was.
 */
export function updateByProducts(
  plan: Plan,
  products: readonly Product[],
  update: Pointwise,
): void {
  const { gradient } = update.reads!;
  const { layout: { tensors } } = gradient;
  const groups = update.groupOf ?? tensors.map(() => 0);
  const lines = composeLines(plan.gpu, update, { textures: false, given: "gradient" });
  const own = products.map((product) => ofReplicas(product, gradient));
  for (const group of groupsOf(plan, own)) {
    recordProducts(plan, group, undefined, {
      lines,
      bindings: (kernel) => linesBindings(kernel, update, gradient.layout),
      groups: ({ out, columnSums }) => ({
        group: groupOf(out),
        sums_group: columnSums ? groupOf(columnSums) : 0,
      }),
    });
  }
  const given = own.flatMap(({ out, columnSums }) => [out.offset, columnSums?.offset]);
  const others = groups.map((group, t) => given.includes(tensors[t].offset) ? undefined : group);
  pointwise(plan, { ...update, groupOf: others });

  function groupOf(tensor: Tensor): number {
    return groups[tensors.findIndex(({ offset }) => offset === tensor.offset)] ?? 0;
  }
}

/** A product of some replicas alone, its outputs placed as in a vector that begins with them. */
function ofReplicas(product: Product, { first, replicas, layout: { length } }: Vector): Product {
  const { a, b, out, plus, columnSums } = product;
  const part = (tensor: Tensor) => (
    { ...tensor, replicas, offset: tensor.offset + first * tensor.replicaStride }
  );
  const within = (tensor: Tensor) => ({ ...tensor, replicas, offset: tensor.offset % length });
  return {
    ...product,
    a: part(a),
    b: part(b),
    out: within(out),
    ...plus && { plus: part(plus) },
    ...columnSums && { columnSums: within(columnSums) },
  };
}

import source from "../../shaders/unit_map.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { spread } from "./axpy.ts";
import { shapeText } from "./epilogue.ts";
import { placed } from "./defect.ts";

/** What is done with each unit, in WGSL; see {@linkcode unitMap}. */
export interface UnitMap {
  /** What profiles and messages call it. */
  readonly name: string;
  /** What a unit becomes, from x: a vec4f. */
  readonly value: string;
  /** Its derivative by x. */
  readonly slope: string;
}

/**
 * Records out = value(x), or with `v` out = v slope(x): all [R, B, N], `out` in a buffer of its own.
 */
export function unitMap(
  plan: Plan,
  { name, value, slope }: UnitMap,
  { x, v, out }: { x: Tensor; v?: Tensor; out: Tensor },
): void {
  for (const other of [v, out]) {
    if (!other || other.stride === x.stride && other.replicaStride === x.replicaStride) continue;
    throw new RangeError(`${shapeText(x)} does not go with ${shapeText(other)}: give one shape`);
  }
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel(name, [source], {
    WORKGROUP: workgroup,
    SLOPED: v !== undefined,
    VALUE: value,
    SLOPE: slope,
  }, async (defect) => {
    const [text, called] = v ? [slope, "slope"] : [value, "value"];
    return new InputError(`${name}: ${await placed(plan.gpu.device, defect, text, called)}`);
  });
  const count = x.replicas * x.replicaStride / 4;
  plan.dispatch(kernel, {
    nagare_shape: {
      ...{ count, columns: x.stride / 4, units: x.columns },
      ...{ x: x.offset / 4, v: (v?.offset ?? 0) / 4, out: out.offset / 4 },
    },
    nagare_x: x.buffer,
    ...(v && { nagare_v: v.buffer }),
    nagare_out: out.buffer,
  }, { groups: spread(plan.gpu, Math.ceil(count / workgroup), 1), iterations: 0 });
}

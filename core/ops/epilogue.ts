import source from "../../shaders/common/epilogue.wgsl" with { type: "text" };
import type { Constants } from "../gpu/compose.ts";
import { rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Binding } from "../gpu/plan.ts";
import type { UniformValue } from "../gpu/uniform.ts";
import { type Activation, activationConstants, activationSource } from "./activation.ts";

/** How the sums of a product or of {@linkcode sum} begin and end. */
export interface Epilogue {
  /** Added to the sum: [R, M, N], or [R, 1, N] for all rows alike, in a buffer other than `out`. */
  plus?: Tensor;
  /** How many times `plus` is added. Default: once. */
  times?: number;
  /** What becomes of the sum in the end. */
  then?: Then;
  /** Whether the sum begins with what is in `out`, instead of zero. */
  adds?: boolean;
}

/**
 * What becomes of a sum z: the activation f(z), or z times the slope f' that an activation had where
 * it gave `outputs` [R, M, N].
 */
export type Then = { activate: Activation } | { slopeOf: Activation; outputs: Tensor };

/** WGSL of an epilogue, to be put behind a kernel's struct and before its `main`. */
export const epilogueSources: readonly string[] = [activationSource, source];

/** What of the WGSL an epilogue compiles. */
export function epilogueConstants({ plus, then, adds = false }: Epilogue): Constants {
  return {
    UPDATES: false,
    ADDS: adds,
    PLUS: plus !== undefined,
    ACTIVATE: then !== undefined && "activate" in then,
    SLOPE: then !== undefined && "slopeOf" in then,
    ...activationConstants(compiledActivation(activationOf(then))),
  };
}

/** The epilogue in a kernel's uniform. */
export function epilogueValue(
  { plus, times = 1, then }: Epilogue,
  out: Tensor,
): Record<string, UniformValue> {
  return {
    out: place(out),
    plus: place(plus && rowsOf(plus) < rowsOf(out) ? { ...plus, stride: 0 } : plus),
    slopes: place(outputsOf(then)),
    times,
    linear: activationOf(then) === "linear" ? 1 : 0,
    units: out.columns,
  };
}

/** What the kernel binds besides. */
export function epilogueBindings({ plus, then }: Epilogue): Record<string, Binding> {
  const outputs = outputsOf(then);
  return {
    ...(plus && { plus: plus.buffer }),
    ...(outputs && { slopes: outputs.buffer }),
  };
}

/** Throws unless what is added, and what slopes are taken of, has the shape of the output. */
export function checkEpilogue({ plus, then }: Epilogue, out: Tensor): void {
  for (const other of [plus, outputsOf(then)]) {
    if (!other) continue;
    const rows = rowsOf(other);
    const fits = rows === rowsOf(out) || rows === 1 && other === plus;
    if (!fits || other.columns !== out.columns) {
      throw new RangeError(`${shapeText(other)} cannot be added to, or multiply ${shapeText(out)}`);
    }
  }
}

/** Where a tensor lies, in vec4. */
export function place(tensor: Tensor | undefined): Record<string, number> {
  const { offset = 0, stride = 0, replicaStride = 0 } = tensor ?? {};
  return { offset: offset / 4, stride: stride / 4, replica: replicaStride / 4 };
}

/** Such as [1, 3, 4], with steps [1, 80, 3, 4]. */
export function shapeText({ replicas, steps, rows, columns }: Tensor): string {
  return `[${[replicas, ...steps === 1 ? [] : [steps], rows, columns].join(", ")}]`;
}

function outputsOf(then: Then | undefined): Tensor | undefined {
  return then && "slopeOf" in then ? then.outputs : undefined;
}

function activationOf(then: Then | undefined): Activation | undefined {
  return then && ("activate" in then ? then.activate : then.slopeOf);
}

/**
 * Linear units share the kernel of sigmoid ones and pass it by: compiling one of their own takes as
 * long as hundreds of products on a software adapter, and most networks have both.
 */
function compiledActivation(activation: Activation | undefined): Activation {
  return activation === "linear" ? "sigmoid" : activation ?? "linear";
}

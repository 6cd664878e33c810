/**
 * Shader text from a template: unrolled loops first, then the conditions and placeholders of
 * wgsl-preprocessor.
 *
 * A template stays readable as WGSL, since its directives are comments:
 *
 * ```wgsl
 * // #for r in ROWS
 * var sum_${r} = vec4f();
 * // #end
 * // #if ${BIAS}
 * sum += bias[0];
 * // #endif
 * ```
 *
 * A matrix that a kernel reads vec4 by vec4 is marked as an operand:
 *
 * ```wgsl
 * // #operand
 * @group(0) @binding(1) var<storage, read> weights: array<vec4f>;
 * ```
 *
 * The kernel reads it by `weights_at(i)`. Where TEXTURES is set it is declared as a texture that
 * mirrors the buffer, which some adapters read faster, and element i of it lies at `mirrored(i)`.
 *
 * Compilers unroll such loops only when they see constants; the kernels depend on it, because a
 * local array with a computed index lies in slow memory.
 */

// deno-lint-ignore no-import-prefix
import { wgsl } from "npm:wgsl-preprocessor@1.0.1/wgsl-preprocessor.js";
import { MIRROR_WIDTH } from "./memory.ts";

/** What the names of a template stand for. */
export type Constants = Readonly<Record<string, number | boolean | string>>;

const FOR = /^\s*\/\/ #for (\w+) in (\w+)\s*$/;
const END = /^\s*\/\/ #end\s*$/;
const OPERAND =
  /^[ \t]*\/\/ #operand[ \t]*\n(@group\(0\) @binding\(\d+\)) var<storage, read> (\w+): array<vec4f>;/gm;
const PLACEHOLDER = /\$\{(\w+)\}/;

/** Expands `source` with `constants`; throws on a name that is not among them. */
export function compose(source: string, constants: Constants = {}): string {
  const unrolled = unroll(source.split("\n"), constants).join("\n");
  const parts = unrolled.split(PLACEHOLDER);
  const strings = parts.filter((_, i) => i % 2 === 0);
  const values = parts.filter((_, i) => i % 2 === 1).map((name) => lookUp(name, constants));
  const expanded: string = wgsl(Object.assign(strings, { raw: strings }), ...values);
  const text = expanded
    .replace(OPERAND, (_, place, name) => declareOperand(place, name, constants));
  return text.includes("mirrored(") ? text + MIRRORED : text;
}

/** Where element i of a buffer of vec4 lies in the texture that mirrors it. */
const MIRRORED = `
fn mirrored(i: u32) -> vec2u { return vec2u(i % ${MIRROR_WIDTH}, i / ${MIRROR_WIDTH}); }
`;

/** As many lines as the directive and its declaration have. */
function declareOperand(place: string, name: string, constants: Constants): string {
  const accessor = (value: string) => `fn ${name}_at(i: u32) -> vec4f { return ${value}; }`;
  return lookUp("TEXTURES", constants)
    ? `${place} var ${name}: texture_storage_2d<rgba32float, read>;\n` +
      accessor(`textureLoad(${name}, mirrored(i))`)
    : `${place} var<storage, read> ${name}: array<vec4f>;\n` + accessor(`${name}[i]`);
}

function lookUp(name: string, constants: Constants): number | boolean | string {
  const value = constants[name];
  if (value === undefined) throw new Error(`the shader names \${${name}}, which has no value`);
  return value;
}

function unroll(lines: readonly string[], constants: Constants): string[] {
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const loop = FOR.exec(lines[at]);
    if (!loop) {
      out.push(lines[at]);
      continue;
    }
    const end = matchingEnd(lines, at);
    const body = unroll(lines.slice(at + 1, end), constants);
    const [, variable, bound] = loop;
    const count = /^\d+$/.test(bound) ? Number(bound) : Number(lookUp(bound, constants));
    for (let i = 0; i < count; i++) {
      out.push(...body.map((line) => line.replaceAll(`\${${variable}}`, String(i))));
    }
    at = end;
  }
  return out;
}

function matchingEnd(lines: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < lines.length; at++) {
    if (FOR.test(lines[at])) depth++;
    if (END.test(lines[at]) && --depth === 0) return at;
  }
  throw new Error(`line ${start + 1} of the shader opens a loop without "// #end"`);
}

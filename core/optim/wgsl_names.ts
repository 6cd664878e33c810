// Names that the lines of a body may not take for their vectors and scalars.

import { InputError } from "../errors.ts";

/** The keywords of WGSL and the words it reserves (WGSL, sections 16.1 and 16.2). */
const words = new Set(
  `alias break case const const_assert continue continuing default diagnostic discard else enable
  false fn for if let loop override requires return struct switch true var while
  NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become
  cast catch class co_await co_return co_yield coherent column_major common compile
  compile_fragment concept const_cast consteval constexpr constinit crate debugger decltype delete
  demote demote_to_helper do dynamic_cast enum explicit export extends extern external fallthrough
  filter final finally friend from fxgroup get goto groupshared highp impl implements import inline
  instanceof interface layout lowp macro macro_rules match mediump meta mod module move mut mutable
  namespace new nil noexcept noinline nointerpolation non_coherent noncoherent noperspective null
  nullptr of operator package packoffset pass patch pixelfragment precise precision premerge priv
  protected pub public readonly ref regardless register reinterpret_cast require resource restrict
  self set shared sizeof smooth snorm static static_assert static_cast std subroutine super target
  template this thread_local throw trait try type typedef typeid typename typeof union unless unorm
  unsafe unsized use using varying virtual volatile wgsl where with writeonly yield
  bool f16 f32 i32 u32 array atomic vec2 vec3 vec4 vec2f vec3f vec4f vec2i vec3i vec4i vec2u vec3u
  vec4u mat2x2f mat3x3f mat4x4f ptr sampler all_finite is_finite`.split(/\s+/),
);

/** Identifiers of some lines, comments and members left out, and those of them that are called. */
export function identifiersOf(body: string): { all: Set<string>; called: Set<string> } {
  const code = body.replaceAll(/\/\/.*/g, "").replaceAll(/\/\*[^]*?\*\//g, "");
  const found = [...code.matchAll(/(?<![\w.])([A-Za-z_]\w*)(\s*\()?/g)];
  return {
    all: new Set(found.map(([, name]) => name)),
    called: new Set(found.filter(([, , call]) => call).map(([, name]) => name)),
  };
}

/**
 * Refuses names of a family's vectors and scalars that stand twice, that WGSL has taken, that the
 * lines call as functions, or that they do not use.
 */
export function checkNames(
  family: string,
  names: readonly string[],
  lines: { body: string; optional?: readonly string[]; kinds?: string },
): void {
  const { all, called } = identifiersOf(lines.body);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(
      `${family} names "${twice}" twice: give each state and scalar its own name`,
    );
  }
  for (const name of names) {
    const reason = !/^[A-Za-z]\w*$/.test(name)
      ? "is no name in WGSL"
      : words.has(name)
      ? "is a word that WGSL keeps for itself"
      : name.startsWith("nagare_")
      ? 'begins with "nagare_", as the names of the engine do'
      : called.has(name)
      ? "is a function that its body calls"
      : undefined;
    if (reason) {
      throw new InputError(`the name "${name}" of ${family} ${reason}: choose another one`);
    }
    if (!all.has(name) && !lines.optional?.includes(name)) {
      throw new InputError(
        `the body of ${family} does not use "${name}": use it, or leave it out of ${
          lines.kinds ?? "states and scalars"
        }`,
      );
    }
  }
}

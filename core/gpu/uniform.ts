// The contents of uniforms, given by the names that the shader declares: their layout is read off
// its structs, as the bindings are off its declarations.

/**
 * What a member of a uniform holds: a number, those of a vector, the members of a struct, or the
 * elements of an array.
 */
export type UniformValue = number | readonly number[] | Uniform | readonly UniformValue[];

/** The contents of a uniform by the names of its struct's members. */
export interface Uniform {
  /** Every member but those called `unused`, which hold zero. */
  readonly [member: string]: UniformValue;
}

/** Where a type's values lie; sizes count bytes. */
export interface UniformType {
  /** From its first byte to its last. */
  readonly size: number;
  /** It begins at multiples of this. */
  readonly align: number;
  /** Of a number or a vector of them. */
  readonly scalar?: "u32" | "i32" | "f32";
  /** Of an array. */
  readonly elements?: { count: number; type: UniformType };
  /** Of a struct, in order. */
  readonly members?: readonly { name: string; offset: number; type: UniformType }[];
}

const VECTOR = /^vec([234])([uif])$/;
const ARRAY = /^array<(\w+),\s*(\d+)>$/;
const SCALARS = { u: "u32", i: "i32", f: "f32" } as const;

/** The type of that name in a shader whose comments are left out. */
export function uniformType(text: string, name: string): UniformType {
  if (name === "u32" || name === "i32" || name === "f32") {
    return { size: 4, align: 4, scalar: name };
  }
  const vector = VECTOR.exec(name);
  if (vector) {
    const count = Number(vector[1]);
    const scalar = SCALARS[vector[2] as keyof typeof SCALARS];
    return { size: 4 * count, align: count === 2 ? 8 : 16, scalar };
  }
  const array = ARRAY.exec(name);
  if (array) {
    const [count, type] = [Number(array[2]), uniformType(text, array[1])];
    // Elements of arrays within a uniform lie a multiple of 16 apart.
    if (type.size % 16 === 0) {
      return { size: count * type.size, align: 16, elements: { count, type } };
    }
  }
  const body = new RegExp(`struct\\s+${name}\\s*\\{([^}]*)\\}`).exec(text)?.[1];
  if (body === undefined) throw new Error(`a uniform of type ${name} cannot be given by name`);
  return structType(text, body);
}

function structType(text: string, body: string): UniformType {
  let size = 0;
  const members = [...body.matchAll(/(\w+)\s*:\s*(array<[^>]*>|\w+)/g)].map(
    ([, name, typeName]) => {
      const type = uniformType(text, typeName);
      // A struct within a uniform begins at a multiple of 16.
      const offset = roundUp(size, type.members ? 16 : type.align);
      size = offset + type.size;
      return { name, offset, type };
    },
  );
  const align = Math.max(...members.map(({ type }) => type.members ? 16 : type.align));
  return { size: roundUp(size, align), align, members };
}

/** The bytes of a uniform called `name`, as many as its type has, rounded up to 16. */
export function encodeUniform(
  name: string,
  type: UniformType,
  value: UniformValue,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(roundUp(type.size, 16));
  write(new DataView(bytes.buffer), 0, type, value, name);
  return bytes;
}

function write(
  view: DataView,
  offset: number,
  type: UniformType,
  value: UniformValue,
  path: string,
): void {
  if (type.elements) {
    const { count, type: of } = type.elements;
    if (!Array.isArray(value) || value.length !== count) {
      throw new Error(`${path} holds ${count} elements: give as many`);
    }
    value.forEach((element, i) => write(view, offset + i * of.size, of, element, `${path}[${i}]`));
    return;
  }
  if (type.members) {
    if (typeof value !== "object" || Array.isArray(value)) {
      throw new Error(`${path} is a struct: give its members by name`);
    }
    const given = value as Uniform;
    const unknown = Object.keys(given).find((key) =>
      !type.members!.some(({ name }) => name === key)
    );
    if (unknown !== undefined) throw new Error(`${path} has no member ${unknown}`);
    for (const { name, offset: at, type: of } of type.members) {
      if (name === "unused") continue;
      if (given[name] === undefined) throw new Error(`${path}.${name} was not given`);
      write(view, offset + at, of, given[name], `${path}.${name}`);
    }
    return;
  }
  const numbers = typeof value === "number" ? [value] : value as readonly number[];
  if (!Array.isArray(numbers) || numbers.length !== type.size / 4) {
    throw new Error(`${path} holds ${type.size / 4} numbers; ${JSON.stringify(value)} was given`);
  }
  numbers.forEach((number, i) => {
    const at = offset + 4 * i;
    if (type.scalar === "f32") return view.setFloat32(at, number, true);
    const [least, most] = type.scalar === "u32" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
    if (!(Number.isInteger(number) && number >= least && number <= most)) {
      throw new Error(`${path} is ${type.scalar}; ${number} was given`);
    }
    view.setUint32(at, number, true);
  });
}

function roundUp(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}

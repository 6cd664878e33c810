/**
 * The greatest length for which a function makes a new array. Readers take their memory as
 * `new Uint8Array(length)` or `new Float32Array(length)`, so that is where it looks.
 */
export async function longestAllocation(
  run: () => unknown,
  type: "Uint8Array" | "Float32Array" = "Uint8Array",
): Promise<number> {
  const original = globalThis[type];
  let longest = 0;
  const watched = new Proxy(original, {
    construct(target, parameters) {
      if (typeof parameters[0] === "number") longest = Math.max(longest, parameters[0]);
      return Reflect.construct(target, parameters);
    },
  });
  Object.assign(globalThis, { [type]: watched });
  try {
    await run();
  } finally {
    Object.assign(globalThis, { [type]: original });
  }
  return longest;
}

/** Runs a reader on bad bytes: it must give a value, or an error of the class expected. */
export async function valueOrError<T>(
  run: () => T | Promise<T>,
  expected: new (message: string) => Error,
): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof expected)) throw error;
  }
}

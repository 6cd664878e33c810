/**
 * Input that cannot be used: a value, a shape or a file. The message is one line for the person who
 * gave it and says what was wrong, what is allowed and what to do.
 */
export class InputError extends Error {
  /** The name of the class. */
  override name: string = "InputError";
}

/** No usable GPU adapter, or one that lacks what was asked of it. */
export class AdapterError extends Error {
  /** The name of the class. */
  override name: string = "AdapterError";
}

/** The GPU reported an error while it worked: a defect of a kernel, a lost device, or no memory. */
export class GPUFault extends Error {
  /** The name of the class. */
  override name: string = "GPUFault";
}

/** The GPU has not the memory that was asked for; nothing of it is taken. */
export class GPUMemoryError extends GPUFault {
  /** The name of the class. */
  override name: string = "GPUMemoryError";
}

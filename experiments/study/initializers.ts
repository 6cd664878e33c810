import { gaussian, glorot, he, type Initializer, lsuv, orthogonal, sparse } from "../../mod.ts";
import type { Configuration } from "./cell.ts";

/** What --init and the flags beside it say of an autoencoder's initial weights. */
interface InitializerOptions {
  /** --init-scale. */
  scale: number;
  /** --fan-in. */
  fanIn?: number;
  /** Training cases to look at, row by row. */
  cases?: ArrayLike<number> | undefined;
}

const initializers = {
  sparse: ({ scale, fanIn = 15 }: InitializerOptions) => sparse({ scale, fanIn }),
  glorot: ({ scale }: InitializerOptions) => glorot({ scale }),
  gaussian: ({ scale }: InitializerOptions) => gaussian({ scale }),
  he: ({ scale }: InitializerOptions) => he({ scale }),
  orthogonal: ({ scale }: InitializerOptions) => orthogonal({ gain: scale }),
  lsuv: ({ scale, cases = [] }: InitializerOptions) => lsuv({ cases, deviation: scale }),
  // Of Hinton and Salakhutdinov (2006): 0.1 N(0, 1), whatever the layer's size.
  hinton: ({ scale }: InitializerOptions) => gaussian({ deviation: 0.1 * scale }),
};

/** What --init of an autoencoder may be. */
export type InitializerName = keyof typeof initializers;

/** The names of --init of an autoencoder, the default first. */
export const initializerNames = Object.keys(initializers) as readonly InitializerName[];

/** The initializer of an autoencoder's configuration; `cases` are some to train on. */
export function initializerOf(
  { init, initScale, fanIn }: Configuration,
  cases?: ArrayLike<number>,
): Initializer {
  const options = { scale: initScale, cases, ...typeof fanIn === "number" && { fanIn } };
  return initializers[init as InitializerName](options); // of the flag's names
}

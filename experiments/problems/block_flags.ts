import { type BlockOptions, InputError } from "../../mod.ts";
import { type FlagTable, integer, type Values } from "../terminal/flags.ts";

/** The flags of a Transformer's blocks. */
export const blockFlags = {
  blocks: integer({ default: 2, atLeast: 1, help: "Blocks of attention and a hidden layer." }),
  width: integer({ default: 64, atLeast: 1, unit: "units", help: "Of what passes the blocks." }),
  heads: integer({ default: 2, atLeast: 1, help: "Of attention; they divide the width." }),
  hidden: integer({
    atLeast: 1,
    unit: "units",
    shown: "four times the width",
    help: "Hidden units of a block.",
  }),
} satisfies FlagTable;

/** The blocks of a Transformer, as configurations have them. */
export type Blocks = Required<Pick<BlockOptions, "blocks" | "width" | "heads" | "hidden">>;

/** The blocks that a command line asks for. Throws InputError where heads do not divide the width. */
export function chooseBlocks(
  { blocks, width, heads, hidden = 4 * width }: Values<typeof blockFlags>,
): Blocks {
  if (width % heads !== 0) {
    throw new InputError(
      `--heads ${heads} do not divide --width ${width}: give a width of ${
        heads * Math.ceil(width / heads)
      }`,
    );
  }
  return { blocks, width, heads, hidden };
}

import { hf } from "../studies/hf.ts";
import { table1 } from "../studies/table1.ts";
import { table2 } from "../studies/table2.ts";
import { table3 } from "../studies/table3.ts";
import { table5 } from "../studies/table5.ts";

/** The tables of autoencoders, by name: the paper's, and Hessian-free as momentum. */
export const autoencoderTables = { table1, table2, table3, hf } as const;

/** One of {@linkcode autoencoderTables}. */
export type AutoencoderTableName = keyof typeof autoencoderTables;

/** All tables, the paper's in its order. */
export const paperTables = [table1, table2, table3, table5, hf] as const;

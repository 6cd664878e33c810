import { table1 } from "./table1.ts";
import { table2 } from "./table2.ts";
import { table3 } from "./table3.ts";
import { table5 } from "./table5.ts";

/** The paper's tables of autoencoders, by name. */
export const autoencoderTables = { table1, table2, table3 } as const;

/** One of {@linkcode autoencoderTables}. */
export type AutoencoderTableName = keyof typeof autoencoderTables;

/** The paper's tables, in its order. */
export const paperTables = [table1, table2, table3, table5] as const;

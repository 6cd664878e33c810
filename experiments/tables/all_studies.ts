import { experiments } from "./experiments.ts";
import { paperTables } from "./paper_tables.ts";

/** Every table that a folder of results may hold. */
export const allStudies = [...paperTables, ...Object.values(experiments)] as const;

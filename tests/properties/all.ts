import { cellProperties } from "./cells.ts";
import { checkpointProperties } from "./checkpoint.ts";
import { csvMatrixProperties } from "./csv_matrix.ts";
import { fileProperties } from "./files.ts";
import { flagProperties } from "./flags.ts";
import { gzipProperties } from "./gzip.ts";
import { halfProperties } from "./half.ts";
import { hdf5Properties } from "./hdf5.ts";
import { idxProperties } from "./idx.ts";
import { matProperties } from "./mat.ts";
import { npyProperties } from "./npy.ts";
import type { Property } from "./property.ts";
import { safetensorsProperties } from "./safetensors.ts";
import { tableProperties } from "./tables.ts";
import { zlibProperties } from "./zlib.ts";

/** The properties of everything that reads what somebody else wrote. */
export const properties: readonly Property[] = [
  ...idxProperties,
  ...gzipProperties,
  ...zlibProperties,
  ...matProperties,
  ...hdf5Properties,
  ...npyProperties,
  ...csvMatrixProperties,
  ...halfProperties,
  ...safetensorsProperties,
  ...checkpointProperties,
  ...cellProperties,
  ...tableProperties,
  ...fileProperties,
  ...flagProperties,
];

import type { Configuration } from "../study/cell.ts";
import type { KindTables } from "../study/network_kind.ts";
import { autoencoderTables } from "./autoencoder_kind.ts";
import { recurrentTables } from "./recurrent_kind.ts";

/** How networks of a configuration's kind are told. */
export function tablesOf({ network }: Configuration): KindTables {
  return network === "recurrent" ? recurrentTables : autoencoderTables;
}

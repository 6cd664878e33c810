import type { Configuration } from "../study/cell.ts";
import type { KindTables } from "../study/network_kind.ts";
import { autoencoderTables } from "./autoencoder_kind.ts";
import { classifierTables } from "./classifier_kind.ts";
import { digitRowsTables } from "./digit_rows.ts";
import { languageTables } from "./language_kind.ts";
import { recurrentTables } from "./recurrent_kind.ts";
import { seriesTables } from "./series_tables.ts";

/** How networks of a configuration's kind are told. */
export function tablesOf(configuration: Configuration): KindTables {
  switch (configuration.network) {
    case "classifier":
      return classifierTables({ isTested: configuration.testCases !== undefined });
    case "image-rows":
      return digitRowsTables;
    case "language":
      return languageTables;
    case "recurrent":
      return recurrentTables;
    case "series":
      return seriesTables(configuration.deviations as Record<string, number>);
    default:
      return autoencoderTables;
  }
}

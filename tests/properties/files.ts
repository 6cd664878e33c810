import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { readUnpacked } from "../../experiments/files/files.ts";
import { property, readOrRefused } from "./property.ts";

const fixtures = fileURLToPath(new URL("../formats/fixtures/", import.meta.url));

const names = fc.oneof(
  fc.constantFrom("u1.npy", "scipy_plain.mat", "u1.npy/u1.npy", "missing.gz", ".", "..", ""),
  fc.string({ unit: "binary" }),
);
const paths = fc.oneof(
  names.map((name) => fixtures + name),
  names,
  fc.constantFrom("/dev/null", "/dev/zero", "/proc/self"),
);

/** What is true of files, whatever they are named. */
export const fileProperties = [
  property(
    "readUnpacked() gives a content or one clear error for any path",
    paths,
    (path) => readOrRefused(() => readUnpacked(path)),
  ),
];

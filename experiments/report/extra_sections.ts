import { InputError } from "../../mod.ts";
import * as v from "valibot";
import { exists, readWhole } from "../files/files.ts";

/** Sections of the report that come from elsewhere: NAME.json in the folder of results. */
export const extraSectionNames = ["theory", "phases"] as const;

/** One of {@linkcode extraSectionNames}. */
export type ExtraSectionName = typeof extraSectionNames[number];

const table = v.pipe(
  v.strictObject({
    title: v.string(),
    columns: v.pipe(v.array(v.string()), v.minLength(1)),
    /** A cell for each column, as it is printed. */
    rows: v.array(v.array(v.string())),
  }),
  v.check(
    ({ columns, rows }) => rows.every((row) => row.length === columns.length),
    "Invalid rows: Expected a cell for each column",
  ),
);

const figure = v.strictObject({
  /** An SVG file beside the section's. */
  file: v.pipe(v.string(), v.regex(/^[\w-]+\.svg$/, "Invalid file: Expected NAME.svg")),
  /** What it shows, in words. */
  alt: v.string(),
});

const section = v.strictObject({
  title: v.string(),
  /** A paragraph each. */
  text: v.array(v.string()),
  tables: v.array(table),
  figures: v.array(figure),
});

/** A section as plain data: its tables are text already. */
export type ExtraSection = v.InferOutput<typeof section>;

/** A section that a folder holds, with its figures read. */
export interface FoundSection {
  readonly name: ExtraSectionName;
  readonly section: ExtraSection;
  /** The SVG of each figure. */
  readonly svgs: readonly string[];
}

/** Writes a section for {@linkcode readExtraSections}; the files of its figures are the caller's. */
export function writeExtraSection(
  write: (name: string, text: string) => void,
  name: ExtraSectionName,
  section: ExtraSection,
): void {
  write(`${name}.json`, JSON.stringify(section, null, 1) + "\n");
}

/** The sections that a folder holds. Throws InputError, in words that name it, for a damaged file. */
export function readExtraSections(folder: string): FoundSection[] {
  return extraSectionNames.filter((name) => exists(`${folder}/${name}.json`)).map((name) => {
    const found = readSection(`${folder}/${name}.json`);
    const svgs = found.figures.map(({ file }) => text(readWhole(`${folder}/${file}`)));
    return { name, section: found, svgs };
  });
}

function readSection(path: string): ExtraSection {
  try {
    return v.parse(section, JSON.parse(text(readWhole(path))));
  } catch (error) {
    if (error instanceof InputError || !(error instanceof Error)) throw error;
    const problem = error.message.replace(/\s+/g, " ");
    throw new InputError(`${path} is no section of a report (${problem}): delete or remake it`);
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

import {
  bigramEntropy,
  charactersOf,
  type Gpu,
  InputError,
  TextData,
  type TokenizedText,
} from "../../mod.ts";
import { exists, naming, pathWords, readUnpacked } from "../files/files.ts";
import type { JsonObject } from "../study/json.ts";
import { loadAgain, requireSameData } from "../study/resume.ts";
import { type DataSource, fileRecords, identityOf } from "./problem.ts";

/** What a command line says of a text. */
export interface TextOptions {
  readonly text: string | undefined;
  /** Its end, as a share of its characters, is held out. */
  readonly testShare: number;
  /** Characters of a window. */
  readonly length: number;
}

/** A text that is loaded. */
export interface LoadedText {
  /** What is different in it, in the order of the tokens. */
  readonly characters: readonly string[];
  readonly train: Uint16Array<ArrayBuffer>;
  readonly test: Uint16Array<ArrayBuffer>;
  /** Bits a character: of the text held out, by its own bigrams. */
  readonly bigrams: number;
  readonly source: DataSource;
  /** What the data are, wherever the file lies. */
  readonly identity: string;
  /** A line about it that is to be said. */
  readonly remark: string;
  /** Uploads it. */
  taskOn(gpu: Gpu): TextData;
}

/**
 * Loads the text that `--text` names. Throws InputError where it is no text, or too short for a window to
 * learn from and one that is held out.
 */
export async function loadText(
  { text: path, testShare, length }: TextOptions,
  earlier: JsonObject | undefined,
): Promise<LoadedText> {
  if (path === undefined) throw new InputError("name a file with the text to learn with --text");
  return await loadAgain({ earlier, data: path, flag: "text" }, async () => {
    if (!exists(path)) {
      throw new InputError(
        `there is no file ${pathWords(path)}: name it with --text where it lies now`,
      );
    }
    const { bytes, sha256 } = await readUnpacked(path);
    const { characters, tokens } = await naming(path, () => tokenize(bytes));
    const held = Math.floor(testShare * tokens.length), first = tokens.length - held;
    if (Math.min(held, first) <= length) {
      throw new InputError(
        `${
          pathWords(path)
        }: of ${tokens.length} characters ${first} are to learn from and ${held} ` +
          `held out, by --test-share ${testShare}: a window of --length ${length} takes ` +
          `${length + 1} of both; give a longer text or a shorter window`,
      );
    }
    const [train, test] = [tokens.slice(0, first), tokens.slice(first)];
    const [bigrams, all] = [test, tokens].map((of) => Number(bigramEntropy(of).toPrecision(6)));
    const vocabulary = characters.length;
    const source: DataSource = {
      kind: "own",
      files: fileRecords({ path, sha256 }),
      ...{ characters: tokens.length, heldOut: held, vocabulary, bigramBits: all },
    };
    requireSameData(earlier, source, "text");
    return {
      ...{ characters, train, test, bigrams, source, identity: identityOf(source) },
      remark:
        `${pathWords(path)}: ${tokens.length} characters, ${vocabulary} different ones; the ` +
        `last ${held} are held out, whose own bigrams have an entropy of ${
          bigrams.toFixed(3)
        } bits ` +
        `a character (all of the text: ${all.toFixed(3)})`,
      taskOn: (gpu) => new TextData(gpu, { vocabulary, steps: length, train, test }),
    };
  });
}

function tokenize(bytes: Uint8Array<ArrayBuffer>): TokenizedText {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InputError("it is no text in UTF-8: convert it, such as by iconv");
  }
  const told = charactersOf(text);
  if (told.characters.length < 2) {
    throw new InputError("it has fewer than 2 different characters: there is nothing to predict");
  }
  return told;
}

// The sections of mod.ts, by which the documentation of the package is ordered. Deno shows categories
// of a declaration file, and of no other: so the tags are put there, and the names stand once.

/** A part of the library. */
export interface Section {
  /** What the comment before it begins with. */
  readonly title: string;
  /** What it exports. */
  readonly names: readonly string[];
}

/** A comment, and what is exported up to the next. */
const section = /^\/\/ (?<title>[^:,.\n]+).*\n(?<exports>[^]*?)(?=^\/\/ |(?![^]))/gm;

/** The sections of a module; `read` gives the text of another, all of which is exported. */
export function sectionsOf(module: string, read: (path: string) => string): Section[] {
  return [...module.matchAll(section)].map(({ groups }) => {
    const { title, exports } = groups!;
    const whole = [...exports.matchAll(/^export \* from "(.*)"/gm)].map(([, path]) => read(path));
    return { title, names: [exports, ...whole].flatMap(namesIn) };
  });
}

function namesIn(module: string): string[] {
  const lists = [...module.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) =>
    list.split(",").map((name) => name.trim().replace(/^type /, "")).filter((name) => name)
  );
  const declared = module.matchAll(
    /^export (?:\* as|(?:abstract |async )*(?:class|const|enum|function|interface|type)) (\w+)/gm,
  );
  return [...lists, ...Array.from(declared, ([, name]) => name)];
}

/**
 * A declaration file whose exports are tagged with the titles of their sections. Throws where one is in
 * no section, or a section names what is not exported.
 */
export function withCategories(types: string, sections: readonly Section[]): string {
  const titles = new Map(
    sections.flatMap(({ title, names }) => names.map((name) => [name, title])),
  );
  const exported = new Map(
    [...types.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) =>
      list.split(",").map((item) => item.trim().split(" as "))
        .map(([own, name = own]): [string, string] => [own, name])
    ),
  );
  const strays = [...exported.values()].filter((name) => !titles.has(name));
  const absent = [...titles.keys()].filter((name) => ![...exported.values()].includes(name));
  if (strays.length + absent.length > 0) {
    throw new Error(`in no section: ${strays.join(", ")}; not exported: ${absent.join(", ")}`);
  }
  return types.replaceAll(documented, (_, doc: string | undefined, words, own) => {
    // What has no name of its own there has one in the namespace.
    const title = titles.get(exported.get(own) ?? "reference")!;
    return `${tagged(doc, title)}${words}${own}`;
  });
}

const documented =
  /^(\/\*\*(?:(?!\*\/)[^])*\*\/\n)?((?:declare |abstract )*(?:class|const|enum|function|interface|namespace|type) )([\w$]+)/gm;

function tagged(doc: string | undefined, title: string): string {
  const lines = doc?.startsWith("/**\n")
    ? doc.replace(/\n? \*\/\n$/, "")
    : doc?.replace(/^\/\*\* (.*) \*\/\n$/, "/**\n * $1");
  return `${lines === undefined ? "/**" : `${lines}\n *`}\n * @category ${title}\n */\n`;
}

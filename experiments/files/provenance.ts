import manifest from "../../deno.json" with { type: "json" };
import { isGranted } from "../terminal/permissions.ts";

/** The versions that a run depends on. */
export const versions = {
  nagare: manifest.version,
  deno: Deno.version.deno,
  v8: Deno.version.v8,
  typescript: Deno.version.typescript,
} as const;

const checkout = new URL("../../", import.meta.url);

/**
 * The git revision of a checkout, with "-dirty" where git is allowed to run and finds changes;
 * undefined where there is none, or where it cannot be read.
 */
export function gitRevision(root?: URL): string | undefined {
  if (root) return revisionOf(root);
  return (own ??= { revision: revisionOf(checkout) }).revision;
}

/** Of this checkout; it is asked for once. */
let own: { readonly revision: string | undefined } | undefined;

function revisionOf(root: URL): string | undefined {
  // Without a .git of its own, git would answer for a repository around this one.
  if (root.protocol !== "file:" || !isGranted({ name: "read", path: root })) return undefined;
  try {
    Deno.statSync(new URL(".git", root));
    return askGit(root) ?? readHead(root);
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

function askGit(root: URL): string | undefined {
  if (!isGranted({ name: "run", command: "git" })) return undefined;
  try {
    const args = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
    const git = new Deno.Command("git", { args, cwd: root, stdin: "null", stderr: "null" });
    const { success, stdout } = git.outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

/** .git/HEAD is a revision or names a ref, which has a file of its own or a line of packed-refs. */
function readHead(root: URL): string | undefined {
  const read = (name: string) => Deno.readTextFileSync(new URL(`.git/${name}`, root)).trim();
  const head = read("HEAD");
  if (!head.startsWith("ref: ")) return head;
  const ref = head.slice("ref: ".length);
  try {
    return read(ref);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return read("packed-refs").split("\n").find((line) => line.endsWith(` ${ref}`))?.split(" ")[0];
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
}

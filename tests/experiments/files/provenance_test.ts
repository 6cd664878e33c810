import { fileURLToPath, pathToFileURL } from "node:url";
import { assertEquals } from "@std/assert";
import { gitRevision } from "../../../experiments/files/provenance.ts";
import { runDeno } from "../processes.ts";

const revision = "0123456789abcdef0123456789abcdef01234567";

/** A folder that looks like a checkout to whoever reads its files, though not to git. */
function checkout(files: Readonly<Record<string, string>>): URL {
  const root = pathToFileURL(`${Deno.makeTempDirSync()}/`);
  for (const [name, text] of Object.entries(files)) {
    const file = new URL(name, root);
    Deno.mkdirSync(new URL(".", file), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }
  return root;
}

Deno.test("gitRevision() reads .git where git does not answer", () => {
  const cases: [files: Record<string, string>, revision: string | undefined][] = [
    [{ ".git/HEAD": `${revision}\n` }, revision],
    [{ ".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": `${revision}\n` }, revision],
    [{
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/packed-refs": `# packed\n${"f".repeat(40)} refs/heads/x\n${revision} refs/heads/main\n`,
    }, revision],
    [{ ".git/HEAD": "ref: refs/heads/main\n" }, undefined],
    [{ ".git": "gitdir: /elsewhere\n" }, undefined],
    [{ "README.md": "" }, undefined],
  ];
  for (const [files, expected] of cases) {
    const root = checkout(files);
    assertEquals(gitRevision(root), expected);
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("gitRevision() knows none where the program is served from elsewhere", () => {
  assertEquals(gitRevision(new URL("https://example.com/nagare/")), undefined);
});

Deno.test("gitRevision() asks git only with permission to run it", async () => {
  const root = checkout({ ".git/HEAD": revision, "git": "#!/bin/sh\necho asked-dirty\n" });
  Deno.chmodSync(new URL("git", root), 0o755);
  const shared = new URL("../../../experiments/files/provenance.ts", import.meta.url);
  const script = new URL("script.ts", root);
  Deno.writeTextFileSync(
    script,
    `import { gitRevision } from "${shared}";\nconsole.log(gitRevision(new URL("${root}")));\n`,
  );
  const env = { PATH: fileURLToPath(root) };
  const answer = async (...allowed: string[]) =>
    (await runDeno(["run", "--no-lock", ...allowed, fileURLToPath(script)], { env })).stdout.trim();
  assertEquals(await answer("--allow-read", "--allow-run=git"), "asked-dirty");
  assertEquals(await answer("--allow-read"), revision);
  assertEquals(await answer(), "undefined");
  Deno.removeSync(root, { recursive: true });
});

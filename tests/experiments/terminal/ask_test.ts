import { assertEquals, assertStringIncludes } from "@std/assert";
import { beside, runDeno } from "../processes.ts";

const sample = beside("terminal/sample_program.ts");
const question = "go on? [y/N] ";

/** What a person sees on a terminal who types each of the answers when asked. */
async function typed(
  answers: readonly string[],
  launcher = "",
): Promise<{ status: number; screen: string }> {
  const terminal = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", `${launcher} ${command}`, "/dev/null"],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const keyboard = terminal.stdin.getWriter();
  let screen = "";
  let asked = 0;
  for await (const bytes of terminal.stdout) {
    screen += new TextDecoder().decode(bytes);
    const left = answers[asked];
    if (left === undefined || screen.split(question).length <= asked + 1) continue;
    asked++;
    await keyboard.write(new TextEncoder().encode(left));
  }
  const { code } = await terminal.status;
  await keyboard.close().catch(() => {}); // the terminal is gone
  return { status: code, screen };
}

/** Tells in the end whether the terminal is as it was. */
const command = `'${Deno.execPath()}' run -A '${sample}' --end ask; status=$?; ` +
  `stty -a | grep -qw -e -icanon && echo left raw; exit $status`;

const isOnLinux = Deno.build.os === "linux"; // script takes other words elsewhere

Deno.test({
  name: "ask() understands yes, no, Enter, and asks again where it does not",
  ignore: !isOnLinux,
  async fn() {
    const cases: [answers: string[], isYes: boolean][] = [
      [["y\r"], true],
      [["YES\r"], true],
      [["\r"], false],
      [["no\r"], false],
      [["ny\x7f\x7fy\r"], true], // erased
      [["maybe\r", "constructor\r", "y\r"], true],
    ];
    for (const [answers, isYes] of cases) {
      const { status, screen } = await typed(answers);
      assertEquals(status, 0, screen);
      assertStringIncludes(screen, isYes ? "it goes on\r\n" : "it does not\r\n");
      assertEquals(screen.includes("left raw"), false);
    }
  },
});

Deno.test({
  name:
    "ask() takes Ctrl-C, Ctrl-D and the program's end for no, and leaves the terminal as it was",
  ignore: !isOnLinux,
  async fn() {
    for (const key of ["\x03", "\x04", "yes\x03"]) {
      const { status, screen } = await typed([key]);
      assertEquals(status, 0, screen);
      assertStringIncludes(screen, "it does not\r\n");
      assertEquals(screen.includes("left raw"), false);
    }
    const { status, screen } = await typed([], "timeout --foreground --preserve-status 1");
    assertEquals(status, 143, screen);
    assertStringIncludes(screen, "it does not\r\n");
    assertEquals(screen.includes("left raw"), false);
  },
});

Deno.test("ask() takes the answer of nobody where there is no terminal", async () => {
  const { status, stdout, stderr } = await runDeno(["run", "-A", sample, "--end", "ask"]);
  assertEquals({ status, stdout, stderr }, { status: 0, stdout: "it goes on\n", stderr: "" });
});

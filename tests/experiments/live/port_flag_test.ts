import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../mod.ts";
import { pagePort } from "../../../experiments/live/port_flag.ts";
import { parseFlags } from "../../../experiments/terminal/flags.ts";

const flags = { live: pagePort({ help: "Serves a page." }) };

Deno.test("pagePort() reads yes, no and ports", () => {
  const read = (...args: string[]) => parseFlags(flags, args).live;
  assertEquals(read(), false);
  assertEquals(read("--live", "no"), false);
  assertEquals(read("--live", "yes"), 0);
  assertEquals(read("--live", "8080"), 8080);
  assertEquals(read("--live", "65535"), 65535);
  assertEquals(flags.live.shown, "no");
});

Deno.test("pagePort() refuses all else", () => {
  for (const text of ["0", "65536", "080808", "-1", "80.5", "true", "localhost:80"]) {
    const error = assertThrows(() => parseFlags(flags, [`--live=${text}`]), InputError);
    assertEquals(
      error.message,
      `--live must be yes, no or a port from 1 to 65535, not "${text}"`,
    );
  }
});

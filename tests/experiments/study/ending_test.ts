import { assertEquals } from "@std/assert";
import { Ending } from "../../../experiments/study/ending.ts";

Deno.test("Ending goes on until something ends it", () => {
  const ending = new Ending(new AbortController().signal, 1e6 + performance.now());
  assertEquals([ending.signal.aborted, ending.reason], [false, undefined]);
});

Deno.test("Ending tells the first of its reasons", () => {
  const controller = new AbortController();
  const ending = new Ending(controller.signal);
  ending.stop("a network had diverged");
  controller.abort(new DOMException("ended by SIGINT", "AbortError"));
  assertEquals([ending.status, ending.reason], ["stopped", "a network had diverged"]);
  const late = new Ending(controller.signal);
  late.stop("too late");
  assertEquals([late.status, late.reason], ["interrupted", "ended by SIGINT"]);
});

Deno.test("Ending ends by the clock of the process", async () => {
  const ending = new Ending(new AbortController().signal, Math.ceil(performance.now()) + 30);
  const awake = setTimeout(() => {}, 5000);
  await new Promise((resolve) => ending.signal.addEventListener("abort", resolve));
  clearTimeout(awake);
  assertEquals(ending.status, "stopped");
  assertEquals(ending.reason?.startsWith("--max-time "), true);
});

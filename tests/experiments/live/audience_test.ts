import { assert, assertEquals, assertRejects } from "@std/assert";
import { Audience, serverSentEvent } from "../../../experiments/live/audience.ts";

const decoder = new TextDecoder();
const never = new Promise<void>(() => {});

Deno.test("Audience sends each listener its own first event, then what is told to all", async () => {
  const audience = new Audience();
  const early = audience.join("first", Promise.resolve());
  audience.tell("a");
  const late = audience.join("a so far", Promise.resolve());
  audience.tell("b");
  await audience.close();
  assertEquals(await new Response(early).text(), "firstab");
  assertEquals(await new Response(late).text(), "a so farb");
});

Deno.test("Audience drops a listener that lags behind, and no other", async () => {
  const audience = new Audience();
  const first = "x".repeat(3 * 2 ** 20); // however long, it counts for nothing
  const slow = audience.join(first, never);
  const reader = audience.join("", never)!.getReader();
  assertEquals((await reader.read()).value?.length, 0);
  const event = "y".repeat(2 ** 18);
  for (let i = 0; i < 4; i++) {
    audience.tell(event);
    assertEquals((await reader.read()).value?.length, event.length);
  }
  assertEquals(audience.size, 2);
  audience.tell("z");
  assertEquals(audience.size, 1);
  assertEquals(decoder.decode((await reader.read()).value), "z");
  await assertRejects(() => new Response(slow).text(), Error, "lags behind");
});

Deno.test("Audience forgets listeners that leave, and takes no more than 32", async () => {
  const audience = new Audience();
  const streams = Array.from({ length: 32 }, () => audience.join("", never));
  assert(streams.every((stream) => stream !== undefined));
  assertEquals(audience.join("", never), undefined);
  await streams[5]?.cancel();
  assertEquals(audience.size, 31);
  assert(audience.join("", never) !== undefined);
});

Deno.test("Audience closes when all that was sent has gone out or is lost", async () => {
  const audience = new Audience();
  const sent = Promise.withResolvers<void>(), lost = Promise.withResolvers<void>();
  audience.join("", sent.promise);
  audience.join("", lost.promise);
  let isClosed = false;
  const closed = audience.close().then(() => isClosed = true);
  sent.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(isClosed, false);
  lost.reject(new Error("the connection is gone"));
  await closed;
});

Deno.test("serverSentEvent() is one event whatever the data hold", () => {
  assertEquals(
    serverSentEvent("rows", { text: "a\n\nevent: b", rate: NaN }),
    'event: rows\ndata: {"text":"a\\n\\nevent: b","rate":null}\n\n',
  );
});

import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../mod.ts";
import { pictures } from "../../../experiments/charts/pictures.ts";
import { type Live, openLive } from "../../../experiments/live/live.ts";
import { beside, linesOnStderr, runDeno } from "../processes.ts";
import { scratch } from "../scratch.ts";
import { figure, row } from "./rows.ts";

interface Event {
  readonly name: string;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** Opens a page, silently, on a port that is free. */
async function open(folder: string): Promise<Live> {
  let live: Live;
  const lines = await linesOnStderr(() => {
    live = openLive({ folder, title: "a run", port: 0, figure });
  });
  assertEquals(lines, [`watch it at ${live!.url}`]);
  return live!;
}

/** The events of a page, one a call. */
async function listen(live: Live): Promise<() => Promise<Event | undefined>> {
  const response = await fetch(`${live.url}events`);
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async () => {
    while (!text.includes("\n\n")) {
      const { value, done } = await reader.read();
      if (done) return undefined;
      text += value;
    }
    const end = text.indexOf("\n\n");
    const [, name, data] = text.slice(0, end).match(/^event: (\w+)\ndata: (.*)$/) ?? [];
    text = text.slice(end + 2);
    return { name, data: JSON.parse(data) };
  };
}

const progress = { done: 10, total: 100, unit: "updates", rate: NaN, secondsLeft: 9 };

Deno.test("openLive() sends what it is told as it comes, and the end", async () => {
  using folder = scratch();
  const live = await open(folder.path);
  const next = await listen(live);
  assertEquals(await next(), {
    name: "snapshot",
    data: {
      ...{ folder: folder.path, title: "a run", figure, pictures: [], common: "", courses: [] },
      ...{ progress: null, status: null },
    },
  });
  live.rows([row({ update: 0, error: "60" })]);
  const { data } = await next() ?? {};
  assertEquals([data.renewed.length, data.grown], [1, []]);
  assertStringIncludes(data.common, "curves");
  live.rows([row({ update: 10, error: "NaN" })]);
  assertEquals((await next())?.data.grown[0].points, [[10, null]]);
  live.progress(progress);
  assertEquals(await next(), { name: "progress", data: { ...progress, rate: null } });
  live.renewed("curve.csv"); // is not shown
  live.renewed("loss.svg");
  live.renewed("loss.svg");
  for (const version of [1, 2]) {
    const picture = { name: "loss.svg", title: pictures["loss.svg"].title, version };
    assertEquals(await next(), { name: "picture", data: picture });
  }
  live.ended("diverged");
  await next();
  assertEquals(await next(), { name: "ended", data: "diverged" });
  live.rows([row({ update: 20, error: "1" })]);
  await live[Symbol.asyncDispose]();
  assertEquals((await next())?.name, "rows");
  assertEquals(await next(), undefined);
});

Deno.test("openLive() shows all there is to pages that are opened late, several at once", async () => {
  using folder = scratch();
  await using live = await open(folder.path);
  folder.write("montage.png", new Uint8Array([1]));
  for (let update = 0; update < 50; update += 10) live.rows([row({ update, error: "7" })]);
  live.progress(progress);
  live.renewed("montage.png");
  live.ended("finished");
  const pages = await Promise.all([listen(live), listen(live)]);
  for (const next of pages) {
    const { data } = await next() ?? {};
    assertEquals(data.courses[0].points, [0, 10, 20, 30, 40].map((update) => [update, 7]));
    assertEquals(data.progress, { ...progress, rate: null });
    const { title } = pictures["montage.png"];
    assertEquals(data.pictures, [{ name: "montage.png", title, version: 1 }]);
    assertEquals(data.status, "finished");
  }
});

Deno.test("openLive() tells the progress at most five times a second, and the last one always", async () => {
  using folder = scratch();
  await using live = await open(folder.path);
  const next = await listen(live);
  await next();
  const began_ms = performance.now();
  for (let done = 1; done <= 1000; done++) live.progress({ ...progress, done, total: 1000 });
  // The first and the last, which is told again at the end.
  const most = 3 + Math.floor((performance.now() - began_ms) / 200);
  live.ended("finished");
  const told: number[] = [];
  for (let event = await next(); event?.name === "progress"; event = await next()) {
    told.push(event.data.done);
  }
  assertEquals([told[0], told.at(-1)], [1, 1000]);
  assertEquals(told.length <= most, true, `${told.length} of at most ${most}`);
});

Deno.test("openLive() serves the page and the files it shows, as they are", async () => {
  using folder = scratch();
  await using live = await open(folder.path);
  const page = await fetch(live.url);
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  assertStringIncludes(page.headers.get("content-security-policy") ?? "", "default-src 'none'");
  const html = await page.text();
  for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
    const part = await fetch(new URL(path, live.url));
    assertEquals(part.status, 200, path);
    await part.body?.cancel();
  }
  // It asks nothing of other machines.
  assertEquals(html.match(/(?:src|href)="(?!\/|data:)/g), null);
  assertEquals((await read(live, "/files/loss.svg")).status, 404);
  folder.write("loss.svg", new TextEncoder().encode("<svg/>"));
  assertEquals(await read(live, "/files/loss.svg?version=1"), {
    status: 200,
    type: "image/svg+xml",
    body: "<svg/>",
  });
});

async function read(live: Live, path: string) {
  const response = await fetch(new URL(path, live.url));
  const { status, headers } = response;
  return { status, type: headers.get("content-type"), body: await response.text() };
}

Deno.test("openLive() serves nothing else of the folder or the machine", async () => {
  using folder = scratch();
  folder.write("run.json", new TextEncoder().encode("secret"));
  await using live = await open(folder.path);
  const paths = [
    ...[
      "/files/run.json",
      "/files/",
      "/files",
      "/files/../run.json",
      "/run.json",
      "/files/toString",
    ],
    ...[
      "/files/..%2frun.json",
      "/files/%2e%2e/run.json",
      "//etc/passwd",
      "/__proto__",
      "/page.html",
    ],
    ...[
      "/files/loss.svg/../run.json",
      "/files/loss.svg%00",
      "/files/LOSS.SVG",
      "/../../etc/passwd",
    ],
  ];
  for (const path of paths) {
    const answer = await exchange(live, `GET ${path} HTTP/1.1`, "Host: 127.0.0.1");
    assertMatch(answer, /^HTTP\/1\.1 404 /, path);
  }
  const answer = await exchange(live, "POST / HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 0");
  assertMatch(answer, /^HTTP\/1\.1 405 /);
});

Deno.test("openLive() answers under this machine's own name alone", async () => {
  using folder = scratch();
  await using live = await open(folder.path);
  const status = async (host: string) =>
    (await exchange(live, "GET / HTTP/1.1", `Host: ${host}`)).slice(0, "HTTP/1.1 200".length);
  for (const host of ["127.0.0.1", "127.0.0.1:8080", "localhost", "LocalHost:1"]) {
    assertEquals(await status(host), "HTTP/1.1 200", host);
  }
  const others = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1]"];
  for (const host of [...others, "evil.example:80", "0.0.0.0"]) {
    assertEquals(await status(host), "HTTP/1.1 403", host);
  }
});

/** What the server answers to the lines of a request. */
async function exchange(live: Live, ...lines: string[]): Promise<string> {
  const { hostname, port } = new URL(live.url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const request = [...lines, "Connection: close", "", ""].join("\r\n");
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

Deno.test("openLive() drops a client that does not read, and goes on and ends without waiting", async () => {
  using folder = scratch();
  const live = await open(folder.path);
  const { hostname, port } = new URL(live.url);
  const stuck = await Deno.connect({ hostname, port: Number(port) });
  await stuck.write(new TextEncoder().encode("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const next = await listen(live);
  await next();
  // More than its queue and the buffers of the system hold: an event is 1 MB at most.
  const wide = "1".repeat(2 ** 19);
  const lines = await linesOnStderr(async () => {
    for (let update = 0; update < 100; update++) {
      live.rows([{ ...row({ update, error: "1" }), wide }]);
      assertEquals((await next())?.name, "rows");
    }
    // It would have no end if the client were still served.
    const received = await new Response(stuck.readable).text().catch(String);
    assertEquals(received.length < 100 * wide.length, true);
    await live[Symbol.asyncDispose]();
  });
  assertEquals(lines, []);
});

Deno.test("openLive() ends without waiting for a client that does not read", async () => {
  using folder = scratch();
  const live = await open(folder.path);
  const { hostname, port } = new URL(live.url);
  using stuck = await Deno.connect({ hostname, port: Number(port) });
  await stuck.write(new TextEncoder().encode("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const next = await listen(live);
  await next();
  // As much as it may lag, and what the system's buffers hold.
  const wide = "1".repeat(2 ** 20 - 1000);
  for (let update = 0; update < 5; update++) live.rows([{ ...row({ update, error: "1" }), wide }]);
  const began_ms = performance.now();
  await live[Symbol.asyncDispose]();
  assertEquals(performance.now() - began_ms < 5000, true);
});

Deno.test("openLive() warns once of failures, and goes on", async () => {
  using folder = scratch();
  const live = await open(folder.path);
  const circle: Record<string, unknown> = {};
  circle.circle = circle;
  const lines = await linesOnStderr(async () => {
    const next = await listen(live);
    await next();
    for (let i = 0; i < 3; i++) live.ended(circle as unknown as string);
    live.ended("finished");
    await live[Symbol.asyncDispose]();
  });
  assertEquals(lines.length, 1);
  assertMatch(lines[0], /^warning: the page at http:\/\/127\.0\.0\.1:\d+\/ has failed \(TypeError/);
});

Deno.test("openLive() refuses a port that another program has", async () => {
  using folder = scratch();
  await using live = await open(folder.path);
  const port = Number(new URL(live.url).port);
  const error = assertThrows(
    () => openLive({ folder: folder.path, title: "", port, figure }),
    InputError,
  );
  assertMatch(error.message, /^no page can be served on port \d+ \(.*\): name another with --live/);
});

Deno.test("a page needs the permission for its own address alone, and lets the process end", async () => {
  const program = beside("live/live_program.ts");
  const refused = await runDeno(["run", "--no-prompt", program, "0"]);
  assertEquals(
    refused.stderr,
    "error: permission missing: add --allow-net=127.0.0.1 after " +
      '"deno run" (-A allows everything)\n',
  );
  const ports = [["0", "127.0.0.1"], ["18233", "127.0.0.1:18233"]];
  for (const [port, scope] of ports) {
    const { status, stderr } = await runDeno([
      "run",
      "--no-prompt",
      `--allow-net=${scope}`,
      program,
      port,
    ]);
    assertMatch(stderr, /^watch it at http:\/\/127\.0\.0\.1:\d+\/\n$/);
    assertEquals(status, 0);
  }
});

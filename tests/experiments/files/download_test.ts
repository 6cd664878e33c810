import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { Purpose, RandomStream } from "../../../core/random.ts";
import { download, type RemoteFile } from "../../../experiments/files/download.ts";
import { sha256 } from "../../../experiments/files/files.ts";
import { runDeno } from "../processes.ts";
import { gzip, scratch } from "../scratch.ts";

const random = new RandomStream(1, Purpose.probe);
/** Six bits a byte, so that three quarters of it are left when it is packed. */
const content = new Uint8Array(100_000).map(() => 64 * random.uniform());
const packed = await gzip(content);
const bomb = await gzip(new Uint8Array(2 ** 24));
const file: RemoteFile = { name: "images.gz", size: content.length, sha256: sha256(content) };
const quiet = new AbortController().signal;

/** What a server may do wrong, and what is said about it. */
const misbehaviours: Record<string, { answer: Deno.ServeHandler; says: RegExp }> = {
  missing: { answer: () => new Response("no", { status: 404 }), says: /status 404, where 200/ },
  redirecting: {
    answer: ({ url }) => Response.redirect(new URL("/right/images.gz", url)),
    says: /status 302, where 200/,
  },
  empty: { answer: () => new Response(null), says: /starts with the bytes 1f 8b, this with none/ },
  page: {
    answer: () => new Response("<html>sign in to the network</html>"),
    says: /starts with the bytes 1f 8b, this with 3c 68/,
  },
  short: { answer: () => new Response(packed.slice(0, -9)), says: /cut short after \d+ bytes/ },
  damaged: {
    answer: () => new Response(packed.map((byte, i) => i === 5000 ? byte ^ 255 : byte)),
    says: /the gzip data is .*damaged/,
  },
  other: {
    answer: async () => new Response(await gzip(content.map((byte) => byte ^ 1))),
    says: /another file, of 100000 bytes with the SHA-256 [0-9a-f]{64}/,
  },
  bomb: {
    answer: () => new Response(bomb),
    says: /unpacks to more than 100000 bytes/,
  },
  endless: {
    answer: () =>
      new Response(
        new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(2 ** 16)) }),
      ),
    says: /it sends more than 100000 bytes/,
  },
  silent: {
    answer: () =>
      new Response(new ReadableStream({ start: (s) => s.enqueue(packed.slice(0, 99)) })),
    says: /it sent nothing for 0.3 seconds/,
  },
};

const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request, info) => {
  const [, kind] = new URL(request.url).pathname.split("/");
  return kind === "right"
    ? new Response(packed)
    : misbehaviours[kind].answer(request, info) as Promise<Response>;
});
Deno.test.afterAll(() => server.shutdown());

const mirror = (kind: string) => `http://127.0.0.1:${server.addr.port}/${kind}/`;

/** Promises more bytes than it sends, then hangs up. */
function startCuttingServer(): Deno.TcpListener {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(10_000));
      const heading = `HTTP/1.1 200 OK\r\ncontent-length: ${packed.length}\r\n\r\n`;
      await connection.write(new TextEncoder().encode(heading));
      await connection.write(packed.slice(0, 5000));
      connection.close();
    }
  })();
  return listener;
}

function fetchInto(folder: string, mirrors: string[], interruption = quiet): Promise<void> {
  return download([file], folder, { mirrors, interruption, silence_ms: 300, write() {} });
}

async function refuse(mirror: string, says: RegExp): Promise<void> {
  using folder = scratch();
  const { message } = await assertRejects(
    () => fetchInto(`${folder.path}/made/for/it`, [mirror]),
    InputError,
    `images.gz could not be downloaded (${new URL(mirror).host}: `,
  );
  assertMatch(message, says);
  assertMatch(message, /^[^\n]+\): try again later, or put the file into the folder yourself$/);
  assertEquals(folder.names(), []);
}

Deno.test("download() creates the folder and keeps what the mirror sent", async () => {
  using folder = scratch();
  const data = `${folder.path}/made/for/it`;
  const lines: string[] = [];
  await download([file, { ...file, name: "again.gz" }], data, {
    mirrors: [mirror("right")],
    interruption: quiet,
    write: (line) => lines.push(line),
  });
  assertEquals([...Deno.readDirSync(data)].map(({ name }) => name).toSorted(), [
    "again.gz",
    "images.gz",
  ]);
  assertEquals(Deno.readFileSync(`${data}/images.gz`), packed);
  assertMatch(lines.join("\n"), /\d+\/\d+ kB of images.gz, /);
});

for (const [kind, { says }] of Object.entries(misbehaviours)) {
  Deno.test(`download() keeps nothing from a mirror: ${kind}`, () => refuse(mirror(kind), says));
}

Deno.test("download() keeps nothing of a file that is cut", async () => {
  using listener = startCuttingServer();
  await refuse(`http://127.0.0.1:${listener.addr.port}/`, /body from connection/);
});

Deno.test("download() keeps nothing where the mirror cannot be reached", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  await refuse(`http://127.0.0.1:${port}/`, /Connection refused/);
});

Deno.test("download() goes on to the next mirror, and names all that failed", async () => {
  using folder = scratch();
  await fetchInto(folder.path, ["missing", "short", "other", "right", "empty"].map(mirror));
  assertEquals(folder.names(), ["images.gz"]);
  await assertRejects(
    () => fetchInto(folder.path, [mirror("missing"), mirror("redirecting")]),
    InputError,
    `status 404, where 200 belongs; ${server.addr.hostname}:${server.addr.port}: it answers with ` +
      "status 302",
  );
});

Deno.test("download() replaces no file unless the new one is right", async () => {
  using folder = scratch();
  folder.write("images.gz", new Uint8Array([1]));
  await assertRejects(() => fetchInto(folder.path, [mirror("other")]), InputError);
  assertEquals(Deno.readFileSync(`${folder.path}/images.gz`), new Uint8Array([1]));
  await fetchInto(folder.path, [mirror("right")]);
  assertEquals(Deno.readFileSync(`${folder.path}/images.gz`), packed);
});

Deno.test("download() ends with the reason of an interruption", async () => {
  using folder = scratch();
  const controller = new AbortController();
  const reason = new DOMException("ended by SIGINT", "AbortError");
  setTimeout(() => controller.abort(reason), 100);
  const mirrors = [mirror("silent"), mirror("right")];
  const error = await assertRejects(() => fetchInto(folder.path, mirrors, controller.signal));
  assertEquals([error, folder.names()], [reason, []]);
});

Deno.test("download() refuses a folder that cannot be written before it fetches", async () => {
  using folder = scratch();
  const path = folder.write("file", new Uint8Array());
  await assertRejects(
    () => fetchInto(path, [mirror("right")]),
    InputError,
    "name another folder with --data",
  );
});

const program = fileURLToPath(new URL("../../../experiments/autoencoder.ts", import.meta.url));

/** Starts the program on a folder without files, with a proxy that nobody runs. */
async function runOffline(permissions: string[], flags: string[], folder: string) {
  const args = ["--problem", "mnist", "--data", `${folder}/mnist`, "--out", `${folder}/out`];
  const proxy = "http://127.0.0.1:9999";
  return await runDeno(["run", ...permissions, program, ...args, ...flags], {
    env: { HTTPS_PROXY: proxy, https_proxy: proxy },
  });
}

Deno.test("autoencoder.ts --download yes names the permission it lacks", async () => {
  using folder = scratch();
  const granted = ["--allow-env", `--allow-read=${folder.path}`, `--allow-write=${folder.path}`];
  const { status, stderr } = await runOffline(granted, ["--download", "yes"], folder.path);
  assertEquals(
    [status, stderr],
    [
      2,
      "error: permission missing: add --allow-net=ossci-datasets.s3.amazonaws.com," +
      'storage.googleapis.com after "deno run" (-A allows everything)\n',
    ],
  );
});

Deno.test("autoencoder.ts --download yes says in a line that it is offline", async () => {
  using folder = scratch();
  const { status, stderr } = await runOffline(["-A"], ["--download", "yes"], folder.path);
  assertEquals(status, 2, stderr);
  assertMatch(
    stderr,
    /^error: train-images-idx3-ubyte\.gz could not be downloaded \(ossci[^;\n]+; storage[^\n]+\n$/,
  );
  assertEquals(folder.names(), []);
});

Deno.test("autoencoder.ts fetches nothing without --download, and names it", async () => {
  using folder = scratch();
  const { status, stderr } = await runOffline(["-A"], [], folder.path);
  assertEquals(status, 2);
  assertMatch(
    stderr,
    /^error: there is no folder [^\n]*, or let --download yes fetch them[^\n]*\n$/,
  );
  assertEquals(folder.names(), []);
});

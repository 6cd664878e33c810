import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { areMNIST, mnist } from "../../../experiments/problems/mnist.ts";
import { gzip, idx, scratch } from "../scratch.ts";

function load(data: string) {
  return mnist.load({
    data,
    dataSeed: 1,
    download: false,
    width: 784,
    outputUnit: "sigmoid",
    interruption: new AbortController().signal,
  });
}

const hyphened = ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"] as const;
const dotted = ["train-images.idx3-ubyte", "t10k-images.idx3-ubyte"] as const;

Deno.test("mnist.load() takes the files under all their names, packed or not", async () => {
  const [train, test] = [idx([30, 28, 28]), idx([10, 28, 28])];
  const [packedTrain, packedTest] = [await gzip(train), await gzip(test)];
  for (const [trainName, testName] of [hyphened, dotted, [hyphened[0], dotted[1]]]) {
    for (const ending of ["", ".gz"]) {
      for (const packed of [false, true]) {
        using folder = scratch();
        folder.write(trainName + ending, packed ? packedTrain : train);
        folder.write(testName + ending, packed ? packedTest : test);
        const { trainCases, source } = await load(folder.path);
        assertEquals(trainCases, 30);
        assertEquals(
          (source.files as { path: string }[]).map(({ path }) => path),
          [`${folder.path}/${trainName}${ending}`, `${folder.path}/${testName}${ending}`],
        );
      }
    }
  }
});

Deno.test("mnist.load() prefers a file to a folder of another of its names", async () => {
  using folder = scratch();
  hyphened.forEach((name) => Deno.mkdirSync(`${folder.path}/${name}`));
  folder.write(dotted[0], idx([3, 28, 28]));
  await assertRejects(() => load(folder.path), InputError, "is a folder: name a file");
  folder.write(dotted[1], idx([2, 28, 28]));
  assertEquals((await load(folder.path)).trainCases, 3);
});

Deno.test("mnist.load() names what it looked for", async () => {
  using folder = scratch();
  await assertRejects(
    () => load(folder.path),
    InputError,
    `${folder.path} holds none of train-images-idx3-ubyte, train-images-idx3-ubyte.gz, ` +
      "train-images.idx3-ubyte, train-images.idx3-ubyte.gz: put one of them there",
  );
});

Deno.test("mnist.load() calls original what has the sums of MNIST, and nothing else", async () => {
  using folder = scratch();
  hyphened.forEach((name, i) => folder.write(name, idx([30 - 20 * i, 28, 28])));
  const { source: { kind, trainCases, testCases }, remark } = await load(folder.path);
  assertEquals(
    remark,
    `note: ${folder.path} holds images that are not MNIST, as their SHA-256 differs: 30 to train on, ` +
      "10 to test",
  );
  assertEquals(
    { kind, trainCases, testCases },
    { kind: "not MNIST: its SHA-256 differs", trainCases: 30, testCases: 10 },
  );
  // As they are published.
  const train = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db";
  const test = "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7";
  assertEquals(areMNIST([train, test]), true);
  const labels = [
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
  ];
  assertEquals(areMNIST([train, test, ...labels]), true);
  for (const sums of [[test, train], [train, train], [train], [], [train, test, train, train]]) {
    assertEquals(areMNIST(sums), false);
  }
});

import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../mod.ts";
import { lessons } from "../../../experiments/page/lessons.ts";
import { momentumSchedule } from "../../../experiments/page/momentum.ts";
import {
  networkSettings,
  parseLink,
  printLink,
  readSetting,
  settingsOf,
} from "../../../experiments/page/settings.ts";

Deno.test("a link holds all settings, and leaves out those that are as usual", () => {
  const settings = settingsOf({
    run: { hidden: [30, 20], updates: 400, sharpness: true, seed: 7 },
    networks: [
      { optimizer: "cm", rate: 1e-3, momentum: 0.995, schedule: "nesterov-1983" },
      { optimizer: "adamw", initializer: "orthogonal", scale: 0.25, finish: 50 },
      {},
    ],
    bowl: { condition: 100 },
    lesson: "bowl",
  });
  const link = printLink(settings);
  assertEquals(
    link,
    "lesson=bowl&run=hidden:30-20,updates:400,seed:7,sharpness:yes" +
      "&network=optimizer:cm,rate:0.001,momentum:0.995,schedule:nesterov-1983" +
      "&network=optimizer:adamw,finish:50,initializer:orthogonal,scale:0.25" +
      "&network=optimizer:nag&bowl=condition:100",
  );
  assertEquals(parseLink(`#${link}`), settings);
  // As messengers and mail programs make it.
  assertEquals(parseLink(`#${encodeURI(link)}`), settings);
  assertEquals(parseLink(""), settingsOf());
  assertEquals(parseLink(printLink(settingsOf())), settingsOf());
});

Deno.test("a link that is none is refused in a line that says what is allowed", () => {
  for (
    const [link, message] of [
      [
        "network=optimizer:nag,momentum:1.5",
        'in the link network momentum must be a number of at least 0 and below 1, not "1.5"',
      ],
      [
        "network=rate:0",
        'in the link network rate must be a number above 0 and of at most 10, not "0"',
      ],
      [
        "network=rate",
        'in the link network rate must be a number above 0 and of at most 10, not ""',
      ],
      [
        "network=optimizer:adam",
        'in the link network optimizer must be one of nag, cm, sgd, adamw, not "adam"',
      ],
      [
        "run=hidden:50--6",
        "in the link run hidden must be 1 to 8 numbers of units from 1 to 1000, such as 50-25-6, " +
        'not "50--6"',
      ],
      [
        "bowl=depth:3",
        'the link has no setting of bowl "depth": there are rate, momentum, condition, updates',
      ],
      ["walk=1", 'the link has no part "walk": there are lesson, run, network, bowl'],
      [
        "run=batch:10&run=seed:2",
        'the link has the part "run" 2 times: leave one',
      ],
      [
        Array(7).fill("network=optimizer:sgd").join("&"),
        "a link holds up to 6 networks, not 7: leave some out",
      ],
    ]
  ) assertEquals(assertThrows(() => parseLink(link), InputError).message, message);
});

Deno.test("what is typed is read as links are", () => {
  assertEquals(readSetting("run", "hidden", " 20-5 "), [20, 5]);
  assertEquals(
    assertThrows(() => readSetting("run", "batch", "0"), InputError).message,
    'run batch must be an integer of at least 1 and of at most 1000, not "0"',
  );
});

Deno.test("each lesson has a link of its own that holds its setting, and a question", () => {
  assertEquals(lessons.length, 6);
  assertEquals(new Set(lessons.map(({ name }) => name)).size, 6);
  for (const { name, settings, sentences, question } of lessons) {
    assertEquals(settings.lesson, name);
    assertEquals(parseLink(printLink(settings)), settings);
    for (const network of settings.networks) momentumSchedule(network, settings.run);
    assertEquals(sentences.every((sentence) => /^[A-Z].*\.$/.test(sentence)), true, name);
    assertEquals(question.endsWith("?"), true, name);
  }
});

Deno.test("momentum follows its schedule up to the finish", () => {
  const { run } = settingsOf({ run: { updates: 100, period: 10 } });
  const schedule = momentumSchedule(networkSettings({ momentum: 0.99, finish: 20 }), run);
  assertEquals([0, 10, 79, 80, 99].map(schedule), [0.5, 0.75, 1 - 1 / 16, 0.9, 0.9]);
});

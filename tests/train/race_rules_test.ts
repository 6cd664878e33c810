import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  firstOf,
  firstRunners,
  legsOf,
  nextRunners,
  type RaceEntry,
  type RaceRules,
  type RaceSetting,
  rungsOf,
  type Runner,
  usualBox,
} from "../../core/train/race_rules.ts";

const box = usualBox(1600);
const rules: RaceRules = { seed: 1, box, refill: true };

/** Replicas at a rung with the scores given, all of the same setting and of a lineage each. */
function entriesOf(
  scores: readonly number[],
  { rung = 1, update = 100, lineages = scores.map((_, i) => i), setting = {} }: {
    rung?: number;
    update?: number;
    lineages?: readonly number[];
    setting?: Partial<RaceSetting>;
  } = {},
): RaceEntry[] {
  return scores.map((score, place) => ({
    ...{ rung, update, place, parent: place, lineage: lineages[place] },
    setting: { learningRate: 0.02, cap: 0.9, period: 16, ...setting },
    ...{ score, scoreWithoutProbe: score },
  }));
}

const parentsOf = (runners: readonly Runner[]) => runners.map(({ parent }) => parent);

Deno.test("rungs are at T/16, T/8, T/4 and T/2", () => {
  assertEquals(rungsOf(2000), [125, 250, 500, 1000]);
  assertEquals(rungsOf(16), [1, 2, 4, 8]);
});

Deno.test("first settings: each part of each axis has one, the same for the same seed", () => {
  for (const places of [1, 3, 5, 14, 16]) {
    const settings = firstRunners(places, box, 7).map(({ setting }) => setting);
    const parts = settings.map(({ learningRate }) =>
      Math.floor(places * Math.log(learningRate / 0.005) / Math.log(32))
    );
    assertEquals(parts.toSorted((a, b) => a - b), [...Array(places).keys()]);
    const count = (of: (setting: RaceSetting) => number) =>
      [...Map.groupBy(settings, of).values()].map(({ length }) => length);
    // Two or three of fourteen or more, and of fewer none twice.
    const [least, most] = [Math.floor(places / 7), Math.ceil(places / 7) + 1];
    assert(count(({ cap }) => cap).every((length) => length >= least && length <= most));
    assert(count(({ period }) => period).every((length) => length <= Math.ceil(places / 2)));
  }
  assertEquals(firstRunners(16, box, 7), firstRunners(16, box, 7));
  assertNotEquals(firstRunners(16, box, 7), firstRunners(16, box, 8));
  const settings = firstRunners(14, box, 7).map(({ setting }) => setting);
  assertEquals(new Set(settings.map(({ cap }) => cap)).size, 7);
  assertEquals(settings.filter(({ period }) => period === 16).length, 7);
});

Deno.test("the better half stays; branches of it, the best first, take the other places", () => {
  const runners = nextRunners(entriesOf([5, 1, 4, 2, 6, 3]), rules);
  assertEquals(parentsOf(runners), [1, 1, 3, 3, 5, 5]);
  assertEquals(runners.map(({ lineage }) => lineage), [1, 1, 3, 3, 5, 5]);
  const unchanged = runners.filter(({ place, parent }) => place === parent);
  assertEquals(unchanged.map(({ setting }) => setting), Array(3).fill(entriesOf([1])[0].setting));
});

Deno.test("of an odd number of places one more stays", () => {
  assertEquals(parentsOf(nextRunners(entriesOf([1]), rules)), [0]);
  assertEquals(parentsOf(nextRunners(entriesOf([2, 3, 1]), rules)), [0, 2, 2]);
  assertEquals(parentsOf(nextRunners(entriesOf([5, 4, 3, 2, 1]), rules)), [4, 3, 2, 3, 4]);
});

Deno.test("ties go to the lower place", () => {
  assertEquals(parentsOf(nextRunners(entriesOf([1, 1, 1, 1]), rules)), [0, 1, 0, 1]);
  assertEquals(firstOf(entriesOf([NaN, 2, 1, 1]))!.place, 2);
});

Deno.test("scores that are NaN are worst; where all are, all stay", () => {
  assertEquals(parentsOf(nextRunners(entriesOf([NaN, NaN, 9, NaN]), rules)), [2, 2, 2, 2]);
  assertEquals(parentsOf(nextRunners(entriesOf([NaN, NaN, NaN]), rules)), [0, 1, 2]);
  assertEquals(firstOf(entriesOf([NaN, NaN])), undefined);
});

Deno.test("at the error of predicting the mean a network is worst from T/4 on", () => {
  const plateau = 2, scores = [2, 3, 1, 4];
  const at = (rung: number) =>
    parentsOf(nextRunners(entriesOf(scores, { rung }), { ...rules, plateau }));
  assertEquals(at(2), [0, 2, 2, 0]);
  assertEquals(at(3), [2, 2, 2, 2]);
});

Deno.test("two lineages are kept while there are two", () => {
  const lineages = [0, 0, 1, 2, 0, 0];
  const scores = [1, 2, 9, 8, 3, 4];
  const runners = nextRunners(entriesOf(scores, { lineages }), rules);
  assertEquals(parentsOf(runners), [0, 1, 0, 3, 1, 3]);
  assertEquals(new Set(runners.map(({ lineage }) => lineage)), new Set([0, 2]));
  const one = nextRunners(entriesOf(scores, { lineages: Array(6).fill(0) }), rules);
  assertEquals(new Set(parentsOf(one)), new Set([0, 1, 4]));
  const diverged = entriesOf([1, 2, NaN, NaN, 3, 4], { lineages });
  assertEquals(new Set(parentsOf(nextRunners(diverged, rules))), new Set([0, 1, 4]));
  // Two places are two lineages, which both stay.
  assertEquals(parentsOf(nextRunners(entriesOf([1, 2]), rules)), [0, 1]);
});

Deno.test("without refilling half stay, by place, with their settings", () => {
  const halving = { ...rules, refill: false };
  const runners = nextRunners(entriesOf([5, 1, 4, 2, 3]), halving);
  assertEquals(runners.map(({ place, parent }) => [place, parent]), [[1, 1], [3, 3], [4, 4]]);
  assertEquals(parentsOf(nextRunners(entriesOf([2, 1]), halving)), [1]);
  assertEquals(parentsOf(nextRunners(entriesOf([NaN, NaN, NaN]), halving)), [0, 1]);
  const lineages = [0, 0, 0, 1];
  assertEquals(parentsOf(nextRunners(entriesOf([1, 2, 3, 4], { lineages }), halving)), [0, 1]);
});

/** How many of many branches changed what; each changes one thing alone. */
function changesOf(given: Partial<RaceSetting>, of: Partial<RaceRules> = {}) {
  const counts = { learningRate: 0, cap: 0, period: 0, none: 0 };
  for (let seed = 0; seed < 400; seed++) {
    const [own, branch] = nextRunners(
      entriesOf([1, NaN], { setting: given }),
      { ...rules, ...of, seed },
    ).map(({ setting }) => setting);
    const names = (["learningRate", "cap", "period"] as const)
      .filter((name) => own[name] !== branch[name]);
    assert(names.length < 2);
    counts[names[0] ?? "none"]++;
    const ratio = branch.learningRate / own.learningRate;
    assert([0.5, 1, 2].includes(ratio));
    assert(Math.abs(box.caps.indexOf(own.cap) - box.caps.indexOf(branch.cap)) <= 1);
  }
  return counts;
}

Deno.test("a branch changes the rate in half of the draws, else the cap or the period", () => {
  // After 100 updates a period of 16 is at 0.929: both neighbours of a cap of 0.9 differ from it.
  const { learningRate, cap, period, none } = changesOf({ cap: 0.9, period: 16 });
  assertEquals(none, 0);
  // 400 draws: 200, 100 and 100 with standard deviations of 10, 9 and 9. A step of the period that its
  // list does not have, and the same momentum at both periods, are changes of the rate.
  assert(learningRate > 150 && learningRate < 350, `${learningRate}`);
  assert(cap > 55 && cap < 145 && period < 145);
});

Deno.test("a change that makes no difference yet is one of the rate", () => {
  // At 0.929 caps of 0.99 and 0.995 are both out of reach, and 0.97 as well.
  const { cap } = changesOf({ cap: 0.99, period: 16 });
  assertEquals(cap, 0);
  // The cap of 0 is reached at once, whatever the period.
  assertEquals(changesOf({ cap: 0, period: 16 }).period, 0);
});

Deno.test("changes stay in the box", () => {
  const narrow = { ...box, learningRate: [0.02, 0.02] as const };
  const { learningRate, none } = changesOf({}, { box: narrow });
  assertEquals([learningRate, none], [0, 0]);
  const point = { learningRate: [0.02, 0.02] as const, caps: [0.9], periods: [16] };
  assertEquals(changesOf({}, { box: point }).none, 400);
});

Deno.test("branches of one network differ from each other", () => {
  for (let seed = 0; seed < 50; seed++) {
    const runners = nextRunners(entriesOf([1, NaN, NaN, NaN]), { ...rules, seed });
    const settings = runners.map(({ setting }) => JSON.stringify(setting));
    assertEquals(new Set(settings).size, 4);
  }
});

Deno.test("legs are a network's settings since the start, those that did not change together", () => {
  const [a, b] = [0.01, 0.02].map((learningRate) => ({ learningRate, cap: 0.9, period: 16 }));
  const base = { lineage: 0, score: 1, scoreWithoutProbe: 1 };
  const tree: RaceEntry[] = [
    { ...base, rung: 1, update: 100, place: 0, parent: null, setting: b },
    { ...base, rung: 1, update: 100, place: 1, parent: null, setting: a },
    { ...base, rung: 2, update: 200, place: 0, parent: 1, setting: a },
    { ...base, rung: 2, update: 200, place: 1, parent: 1, setting: a },
  ];
  const runner = { place: 1, parent: 0, lineage: 0, setting: b };
  assertEquals(legsOf(tree, runner, 3), [{ from: 0, ...a }, { from: 200, ...b }]);
  assertEquals(legsOf(tree, tree[0], 1), [{ from: 0, ...b }]);
});

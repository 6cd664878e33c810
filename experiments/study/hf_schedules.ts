// What --hf-schedule names: settings of Hessian-free that change while a run goes on, as data.

import { InputError, phases, printable, type Schedule, type Setting } from "../../mod.ts";
import * as v from "valibot";
import { basename } from "node:path";
import { exists, readWhole, sha256 } from "../files/files.ts";
import { nearest } from "../terminal/suggestions.ts";

const value = v.union([
  v.number(),
  /** over / (update - since). */
  v.strictObject({ over: v.number(), since: v.number() }),
]);

/** A setting from update to update: a constant, or phases. */
const course = v.union([
  v.number(),
  v.pipe(v.array(v.strictObject({ from: v.number(), value })), v.minLength(1), v.readonly()),
]);

/** All that may change; what is left out is as the flags say. */
const courses = v.strictObject({
  cgSteps: v.exactOptional(course),
  stepSize: v.exactOptional(course),
  decay: v.exactOptional(course),
  gradientCases: v.exactOptional(course),
  curvatureCases: v.exactOptional(course),
  l2OfAll: v.exactOptional(course),
});

/** Courses of settings by their names. */
export type Courses = v.InferOutput<typeof courses>;

type Course = v.InferOutput<typeof course>;

/** A schedule as a configuration holds it. */
export type HFSchedule = {
  /** As it is told: a shipped one, or the file's name without its folder. */
  readonly name: string;
  readonly courses: Courses;
};

const daggerOnImages = (
  { small, all, l2OfAll }: { small: number; all: number; l2OfAll: number },
): Courses => ({
  cgSteps: 50,
  stepSize: [
    { from: 0, value: 1 },
    { from: 500, value: { over: 250, since: 0 } },
    { from: 5000, value: 1 },
  ],
  decay: [{ from: 0, value: 0.95 }, { from: 500, value: 0.995 }],
  gradientCases: [{ from: 0, value: small }, { from: 5000, value: all }],
  curvatureCases: small,
  l2OfAll,
});

/**
 * How the paper ran HF-dagger (appendix A.6). Ours: that the second phase of Curves lasts 5,000
 * updates, that "near 0" is 0, and the decay of MNIST's last phase. Of Faces nothing is told: MNIST's
 * with a twentieth of the cases.
 */
const shipped: Readonly<Record<string, Courses>> = {
  "paper-curves": {
    cgSteps: [{ from: 0, value: 50 }, { from: 10_000, value: 200 }],
    stepSize: [
      { from: 0, value: 1 },
      { from: 5000, value: { over: 500, since: 4000 } },
      { from: 10_000, value: 1 },
    ],
    decay: [
      { from: 0, value: 0.95 },
      { from: 5000, value: 0.999 },
      { from: 10_000, value: 0.995 },
    ],
    gradientCases: [{ from: 0, value: 1250 }, { from: 10_000, value: 20_000 }],
    curvatureCases: [{ from: 0, value: 1250 }, { from: 10_000, value: 20_000 }],
    l2OfAll: [{ from: 0, value: 2e-5 }, { from: 10_500, value: 0 }],
  },
  "paper-mnist": daggerOnImages({ small: 3000, all: 60_000, l2OfAll: 1e-5 }),
  "paper-faces": daggerOnImages({ small: 5175, all: 103_500, l2OfAll: 0.5e-5 }),
};

/** The schedules that have a name. */
export const hfScheduleNames = Object.keys(shipped);

/** A schedule by its name or its file. Throws InputError where there is none or it is none. */
export function readHFSchedule(name: string): HFSchedule {
  if (Object.hasOwn(shipped, name)) return { name, courses: shipped[name] };
  if (!/[/\\]|\.json$/.test(name)) {
    const near = nearest(name, hfScheduleNames);
    throw new InputError(
      `--hf-schedule must be one of ${
        hfScheduleNames.join(", ")
      }, or a file such as mine.json, not ` +
        `"${printable(name)}"${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  }
  return { name: basename(name), courses: parse(name) };
}

function parse(path: string): Courses {
  const refuse = (why: string) => new InputError(`--hf-schedule ${printable(path, 160)}: ${why}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(readWhole(path)));
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse("it is not JSON");
    throw error;
  }
  const { success, output, issues } = v.safeParse(courses, json);
  if (success && Object.keys(output).length > 0) {
    try {
      Object.values(output).forEach(scheduleOf);
      return output;
    } catch (error) {
      if (error instanceof InputError) throw refuse(error.message);
      throw error;
    }
  }
  const { path: at = [] } = issues?.[0] ?? {};
  const [key] = at.map(({ key }) => String(key));
  const known = Object.keys(courses.entries);
  if (key !== undefined && !known.includes(key)) {
    throw refuse(`there is no setting "${printable(key)}" in it, only ${known.join(", ")}`);
  }
  throw refuse(
    key === undefined
      ? `it must be an object of ${known.join(", ")}`
      : `${key} must be a number or phases such as [{ "from": 0, "value": 10 }], a value also ` +
        `such as { "over": 500, "since": 4000 } for 500 / (update - 4000)`,
  );
}

/** The files among some names, by their bytes. */
export function scheduleFiles(names: readonly string[]) {
  return names.filter((name) => !Object.hasOwn(shipped, name) && exists(name))
    .map((path) => ({ name: path, path, sha256: sha256(readWhole(path)) }));
}

/** Settings as an optimizer takes them. Throws InputError where one is none of their range. */
export function settingsOf(
  { name, courses }: HFSchedule,
  { declared, isAllowed }: {
    declared: readonly Setting[];
    isAllowed(setting: Setting, value: number): string | undefined;
  },
): Record<string, number | Schedule> {
  return Object.fromEntries(
    Object.entries(courses).map(([key, course]) => {
      const setting = declared.find((setting) => setting.name === key)!;
      const schedule = scheduleOf(course);
      for (const from of startsOf(course)) {
        const allowed = isAllowed(setting, schedule(from));
        if (allowed === undefined) continue;
        throw new InputError(
          `--hf-schedule ${name}: ${key} must be ${allowed}, not ${
            schedule(from)
          } at update ${from}`,
        );
      }
      return [key, typeof course === "number" ? course : schedule];
    }),
  );
}

/** What a schedule says of an update. */
export function scheduledAt({ courses }: HFSchedule, update: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(courses).map(([name, course]) => [name, scheduleOf(course)(update)]),
  );
}

/** The updates at which a schedule changes by a phase. */
export function phaseStarts({ courses }: HFSchedule): number[] {
  return [...new Set([0, ...Object.values(courses).flatMap(startsOf)])];
}

function startsOf(course: Course): number[] {
  return typeof course === "number" ? [0] : course.map(({ from }) => from);
}

function scheduleOf(course: Course): Schedule {
  if (typeof course === "number") return () => course;
  return phases(course.map(({ from, value }) => ({
    from,
    value: typeof value === "number"
      ? value
      : (update: number) => value.over / (update - value.since),
  })));
}

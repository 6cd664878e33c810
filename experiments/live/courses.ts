import { optimizerColor } from "../charts/vega.ts";
import type { TableRow } from "../files/tables.ts";

/** A report of the figure that is drawn; null where it was not finite. */
export type Point = readonly [update: number, value: number | null];

/** What a page shows of one network. */
export interface Course {
  readonly id: number;
  /** What tells it from the others: "NAG, μ 0.9, seed 2". */
  name: string;
  color: string;
  /** Its settings: the cells before the update. */
  readonly setting: TableRow;
  /** The other cells of its last report. */
  last: TableRow;
  /** Its reports, thinned out where they are many. */
  points: Point[];
}

/** What rows have changed. */
export interface Change {
  /** Networks to be shown anew. */
  readonly renewed: readonly Course[];
  /** Networks of which only this has come to what was known. */
  readonly grown: readonly Pick<Course, "id" | "points" | "last">[];
}

/** More points than these in all make a slower page, not a finer line. */
const mostPoints = 20_000;
const longestLine = 1000;
const shortestLine = 50;

/** The networks of a run and their reports, held in bounded memory however long it lasts. */
export class Courses {
  readonly #figure: string;
  readonly #byKey = new Map<string, Course>();

  /** @param figure the column that is drawn */
  constructor(figure: string) {
    this.#figure = figure;
  }

  /** All networks, as they came. */
  get all(): Course[] {
    return [...this.#byKey.values()];
  }

  /** The settings that all networks share, in words. */
  get common(): string {
    const differing = this.#differing;
    return Object.keys(this.all[0]?.setting ?? {}).filter((column) => !differing.includes(column))
      .map((column) => {
        const first = this.all.find(({ setting }) => isSet(setting[column]));
        return first === undefined ? "" : settingWords(column, first.setting);
      })
      .filter((words) => words !== "").join(" · ");
  }

  /**
   * Adds rows of the table. A network that went back to an earlier update, as after a lost GPU,
   * loses what it had from there on.
   */
  add(rows: readonly TableRow[]): Change {
    const networks = this.#byKey.size;
    const grown = new Map<number, { id: number; points: Point[]; last: TableRow }>();
    const renewed = new Set<Course>();
    for (const row of rows) {
      const course = this.#courseOf(row);
      const point = this.#pointOf(row);
      if (this.#append(course, point)) renewed.add(course);
      const growth = grown.get(course.id) ?? { id: course.id, points: [], last: course.last };
      grown.set(course.id, growth);
      growth.points.push(point);
      growth.last = course.last;
    }
    // A new network changes what tells the others apart.
    if (this.#byKey.size > networks) this.#nameAll();
    const anew = this.#byKey.size > networks ? this.all : [...renewed];
    for (const { id } of anew) grown.delete(id);
    return { renewed: anew, grown: [...grown.values()] };
  }

  #courseOf(row: TableRow): Course {
    const cells = Object.entries(row);
    const settings = cells.findIndex(([column]) => column === "update");
    const key = cells.slice(0, settings).map(([, cell]) => cell).join("\n");
    const last = Object.fromEntries(cells.slice(settings));
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.last = last;
      return known;
    }
    const course: Course = {
      id: this.#byKey.size,
      name: "",
      color: "",
      setting: Object.fromEntries(cells.slice(0, settings)),
      last,
      points: [],
    };
    this.#byKey.set(key, course);
    return course;
  }

  #pointOf(row: TableRow): Point {
    const value = row[this.#figure] === "" ? NaN : Number(row[this.#figure]);
    return [Number(row.update), Number.isFinite(value) ? value : null];
  }

  /** Whether more than the end of the line has changed. */
  #append(course: Course, point: Point): boolean {
    const kept = course.points.findLastIndex(([update]) => update < point[0]) + 1;
    const isBack = kept < course.points.length;
    course.points.length = kept;
    course.points.push(point);
    const most = Math.min(longestLine, Math.max(shortestLine, mostPoints / this.#byKey.size));
    if (course.points.length <= 2 * most) return isBack;
    course.points = course.points.filter((_, i) => i % 2 === 0 || i === course.points.length - 1);
    return true;
  }

  #nameAll(): void {
    const differing = this.#differing;
    for (const course of this.#byKey.values()) {
      const words = differing.map((column) => settingWords(column, course.setting));
      const optimizer = course.setting.optimizer?.toUpperCase() ?? "network";
      course.name = words.filter((word) => word !== "").join(", ") || optimizer;
    }
    for (const family of Map.groupBy(this.all, ({ setting }) => setting.optimizer).values()) {
      family.forEach((course, i) => {
        const place = family.length > 1 ? i / (family.length - 1) : 0.5;
        course.color = optimizerColor(course.setting.optimizer ?? "", place);
      });
    }
  }

  /** The columns whose settings are not the same for all that have one. */
  get #differing(): string[] {
    const { all } = this;
    return Object.keys(all[0]?.setting ?? {}).filter((column) => {
      const cells = all.map(({ setting }) => setting[column]).filter(isSet);
      return cells.some((cell) => cell !== cells[0]);
    });
  }
}

/** Plain gradient descent has the schedule "none", which tells it from nothing. */
function isSet(cell: string): boolean {
  return cell !== "" && cell !== "none";
}

/** A setting in words; none where it means nothing for this network. */
function settingWords(column: string, setting: TableRow): string {
  const cell = setting[column];
  if (!isSet(cell)) return "";
  if (column === "optimizer") return cell.toUpperCase();
  if (column === "problem") return cell;
  if (column === "mu") return setting.optimizer === "sgd" ? "" : `μ ${cell}`;
  return `${column === "learning_rate" ? "rate" : column.replaceAll("_", " ")} ${cell}`;
}

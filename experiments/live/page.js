// Keeps the page as the run stands: everything comes by server-sent events, a snapshot first.

import { drawChart } from "./chart.js";

const largestLegend = 12;
/** It is drawn on the page, and linked. */
const ownChart = "loss.svg";

/** The run as it was last told of. */
let run = {
  figure: "figure",
  courses: new Map(),
  pictures: new Map(),
  progress: null,
  status: null,
};
let isConnected = false;

/** The network under the pointer. */
let chosen = null;

const byId = (id) => document.getElementById(id);

listen();
chooseIn(byId("legend"));
chooseIn(byId("networks"));
new ResizeObserver(redraw).observe(byId("chart"));

function listen() {
  const events = new EventSource("/events");
  const on = (name, take) =>
    events.addEventListener(name, ({ data }) => {
      isConnected = true;
      take(JSON.parse(data));
      if (run.status !== null) events.close();
      redraw();
    });
  on("snapshot", takeSnapshot);
  on("rows", takeRows);
  on("progress", (progress) => run.progress = progress);
  on("picture", (picture) => run.pictures.set(picture.name, picture));
  on("ended", (status) => run.status = status);
  // The browser connects anew by itself, unless the server refuses.
  events.addEventListener("error", () => {
    isConnected = false;
    redraw();
  });
}

function takeSnapshot({ courses, pictures, ...others }) {
  run = {
    ...others,
    courses: new Map(courses.map((course) => [course.id, course])),
    pictures: new Map(pictures.map((picture) => [picture.name, picture])),
  };
}

function takeRows({ renewed, grown, common }) {
  run.common = common;
  for (const course of renewed) run.courses.set(course.id, course);
  for (const { id, points, last } of grown) {
    const course = run.courses.get(id);
    course.points.push(...points);
    course.last = last;
  }
}

let isAsked = false;

/** Draws at the browser's next frame, once for all that came until then. */
function redraw() {
  // A tab that is hidden has no frames, but a title.
  showTitle();
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    showHeader();
    const courses = [...run.courses.values()];
    drawChart(byId("chart"), courses);
    showChosen();
    showLegend(courses);
    showTable(courses);
    showPictures();
  });
}

function showHeader() {
  const { title = "Nagare", common = "", folder = "", figure, progress } = run;
  byId("title").textContent = title;
  byId("common").textContent = common;
  byId("folder").textContent = folder;
  byId("figure").textContent = `${words(figure)} against updates`;
  byId("status").textContent = [stateWords(), progressWords(progress)].filter((text) => text !== "")
    .join(" · ");
  byId("bar").value = shareDone();
}

function showTitle() {
  const { title = "Nagare", status } = run;
  document.title = `${status ?? `${Math.floor(100 * shareDone())} %`} · ${title}`;
}

function shareDone() {
  return run.progress === null ? 0 : run.progress.done / run.progress.total;
}

function stateWords() {
  if (run.status !== null) return `ended: ${run.status}`;
  return isConnected ? "running" : "no connection: the program has ended, or will be found again";
}

function progressWords(progress) {
  if (progress === null) return "";
  const { done, total, unit, rate, secondsLeft } = progress;
  const parts = [`${done.toLocaleString("en")} of ${total.toLocaleString("en")} ${unit}`];
  if (run.status === null && isConnected) {
    if (rate !== null) parts.push(`${Number(rate.toPrecision(3)).toLocaleString("en")}/s`);
    if (secondsLeft !== null) parts.push(`${duration(secondsLeft)} left`);
  }
  return parts.join(" · ");
}

function duration(seconds) {
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function showLegend(courses) {
  const shown = courses.slice(0, largestLegend).map((course) => {
    const item = make("li", swatch(course), course.name);
    item.dataset.id = course.id;
    return item;
  });
  const left = courses.length - shown.length;
  if (left > 0) shown.push(make("li", `and ${left} more below`));
  byId("legend").replaceChildren(...shown);
}

function showTable(courses) {
  const others = Object.keys(courses[0]?.last ?? {}).filter((column) => column !== run.figure);
  const columns = [run.figure, ...others];
  const value = ({ last }) => {
    const cell = last[run.figure];
    return cell === undefined || cell === "" || !Number.isFinite(Number(cell)) ? Infinity : +cell;
  };
  const compare = (a, b) => value(a) === value(b) ? a.id - b.id : value(a) - value(b);
  const heading = ["network", ...columns.map(words)].map((name) => make("th", name));
  byId("heading").replaceChildren(make("tr", ...heading));
  byId("networks").replaceChildren(
    ...courses.toSorted(compare).map((course) => {
      const cells = columns.map((column) => make("td", shortNumber(course.last[column] ?? "")));
      const row = make("tr", make("td", swatch(course), course.name), ...cells);
      row.dataset.id = course.id;
      return row;
    }),
  );
}

/** Five digits of a number with more of them. */
function shortNumber(cell) {
  const isLong = cell !== "" && Number.isFinite(Number(cell)) && !Number.isInteger(Number(cell));
  return isLong ? String(Number(Number(cell).toPrecision(5))) : cell;
}

function showPictures() {
  for (const picture of run.pictures.values()) {
    if (picture.name !== ownChart) showPicture(picture);
  }
  if (run.pictures.has(ownChart) && byId("links").children.length === 0) {
    const link = make("a", `the run's own chart, ${ownChart}`);
    link.href = `/files/${ownChart}`;
    byId("links").append(link);
  }
}

function showPicture({ name, title, version }) {
  let figure = byId(name);
  if (figure === null) {
    figure = make("figure", make("figcaption", title), document.createElement("img"));
    figure.id = name;
    figure.querySelector("img").alt = title;
    byId("pictures").append(figure);
  }
  const source = `/files/${name}?version=${version}`;
  const image = figure.querySelector("img");
  if (image.getAttribute("src") !== source) image.src = source;
}

/** A pointer on the entry of a network brings its line out. */
function chooseIn(list) {
  const choose = (id) => {
    chosen = id;
    showChosen();
  };
  list.addEventListener(
    "pointerover",
    ({ target }) => choose(target.closest("[data-id]")?.dataset.id ?? null),
  );
  list.addEventListener("pointerleave", () => choose(null));
}

function showChosen() {
  const line = chosen && byId("chart").querySelector(`.course[data-id="${chosen}"]`);
  for (const other of byId("chart").querySelectorAll(".chosen")) other.classList.remove("chosen");
  byId("chart").classList.toggle("hasChosen", line !== null);
  line?.classList.add("chosen");
}

function swatch({ color }) {
  const mark = make("span");
  mark.className = "swatch";
  mark.style.background = color;
  return mark;
}

function words(column) {
  return column.replaceAll("_", " ");
}

function make(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

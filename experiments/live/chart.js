// The curves as SVG: update against the figure on a logarithmic axis, a line a network.

const space = "http://www.w3.org/2000/svg";
const margin = { top: 10, right: 24, bottom: 26, left: 58 };
const crossSize = 4;

/** Draws the courses into an empty or a drawn `svg`, as wide and high as it stands on the page. */
export function drawChart(svg, courses) {
  const { clientWidth: width, clientHeight: height } = svg;
  const lines = courses.map(lineOf).filter(({ points }) => points.length > 0);
  if (width === 0 || height === 0) return;
  const { updates, values } = ranges(lines);
  const right = width - margin.right, bottom = height - margin.bottom;
  const x = scale(updates, [margin.left, right]);
  const y = scale(values.map(Math.log10), [bottom, margin.top]);
  // A cross needs some room to the panel's edge.
  const edge = values[1] * (values[0] / values[1]) ** 0.04;
  const place = { x, y: (value) => y(Math.log10(value)), right, bottom };
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(
    clip(right, bottom),
    ...logTicks(values).flatMap((tick) => valueTick(tick, place)),
    ...updateTicks(updates, (right - margin.left) / 65).flatMap((tick) => updateTick(tick, place)),
    element("path", { class: "axis", d: `M${margin.left},${bottom}H${right}` }),
    ...lines.map((line) => cutAt(edge, line)).flatMap((line) => marks(line, place)),
  );
}

/** What of a course can stand on a logarithmic axis. */
function lineOf({ id, name, color, points }) {
  return {
    ...{ id, name, color },
    points: points.filter(([, value]) => value > 0),
    isDiverged: points.some(([, value]) => value === null),
  };
}

/** From the least value to somewhat above the worst start: a line on its way to infinity is cut. */
function ranges(lines) {
  const points = lines.flatMap(({ points }) => points);
  if (points.length === 0) return { updates: [0, 1], values: [0.1, 10] };
  const least = (numbers) => numbers.reduce((a, b) => Math.min(a, b));
  const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b));
  const updates = points.map(([update]) => update);
  const values = points.map(([, value]) => value);
  const top = Math.min(most(values), 2 * most(lines.map(({ points }) => points[0][1])));
  const [first, last] = [least(updates), most(updates)];
  return {
    updates: [first, last > first ? last : first + 1],
    values: [least(values) / 1.1, top * 1.1],
  };
}

/** A line that leaves the panel for infinity ends at its edge. */
function cutAt(edge, line) {
  const out = line.points.findIndex(([, value]) => value > edge);
  if (!line.isDiverged || out < 0) return line;
  return { ...line, points: [...line.points.slice(0, out), [line.points[out][0], edge]] };
}

function scale([from, to], [start, end]) {
  return (value) => start + (value - from) / (to - from) * (end - start);
}

/** 1, 2, 5 of each decade, or of many decades 1 alone, every so many. */
export function logTicks([least, most]) {
  const first = Math.floor(Math.log10(least));
  const decades = Math.ceil(Math.log10(most)) - first;
  const digits = Math.log10(most / least) > 3 ? [1] : [1, 2, 5];
  const stride = Math.ceil(decades / 10);
  const exponents = Array.from({ length: decades + 1 }, (_, i) => first + i)
    .filter((exponent) => exponent % stride === 0);
  return exponents.flatMap((exponent) => digits.map((digit) => Number(`${digit}e${exponent}`)))
    .filter((tick) => tick >= least && tick <= most);
}

/** Multiples of 1, 2 or 5 times a power of ten, as many as there are up to `most`. */
export function updateTicks([first, last], most) {
  const steps = Array.from({ length: 60 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));
  const within = (step) => {
    const begin = Math.ceil(first / step);
    return { begin, count: Math.floor(last / step) - begin + 1 };
  };
  const step = steps.find((step) => within(step).count <= most);
  const { begin, count } = within(step);
  return Array.from({ length: count }, (_, i) => (begin + i) * step);
}

function valueTick(value, { y, right }) {
  const at = y(value);
  return [
    element("path", { class: "grid", d: `M${margin.left},${at}H${right}` }),
    text(String(value), { x: margin.left - 8, y: at + 4, "text-anchor": "end" }),
  ];
}

function updateTick(update, { x, bottom }) {
  const at = x(update);
  return [
    element("path", { class: "axis", d: `M${at},${bottom}v5` }),
    text(update.toLocaleString("en"), { x: at, y: bottom + 19, "text-anchor": "middle" }),
  ];
}

/** The line of a network; a dot where it is a single report, and a cross where it diverged. */
function marks({ id, name, color, points, isDiverged }, { x, y }) {
  const places = points.map(([update, value]) => [x(update), y(value)]);
  const line = element("path", {
    "class": "course",
    "data-id": id,
    "data-points": points.length,
    "clip-path": "url(#panel)",
    "stroke": color,
    "d": "M" + places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L"),
  });
  line.append(element("title", {}, name));
  const [lastX, lastY] = places[places.length - 1];
  if (isDiverged) return [line, cross(lastX, lastY, color)];
  if (points.length > 1) return [line];
  return [line, element("circle", { class: "single", cx: lastX, cy: lastY, r: 3, fill: color })];
}

function cross(x, y, color) {
  const side = 2 * crossSize;
  const strokes = `l${side},${side}m0,${-side}l${-side},${side}`;
  const d = `M${x - crossSize},${y - crossSize}${strokes}`;
  return element("path", { class: "diverged", stroke: color, d });
}

function clip(right, bottom) {
  const panel = element("clipPath", { id: "panel" });
  const { left: x, top: y } = margin;
  panel.append(element("rect", { x, y, width: right - x, height: bottom - y }));
  return panel;
}

function text(content, attributes) {
  return element("text", attributes, content);
}

function element(name, attributes, content) {
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (content !== undefined) made.textContent = content;
  return made;
}

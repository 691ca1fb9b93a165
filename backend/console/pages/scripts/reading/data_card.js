// data_card.js -- what a query of data has found: a chart where one fits, a table, the query, and all rows as CSV.
import { downloadText, el, formatCount, svg } from "../dom.js";

const MOST_ROWS = 100; // of the table; the file has them all
const MOST_BARS = 20;
const WIDTH = 320;
const LINE = 120;
const BAR = 28;

const formatCell = (cell) => (typeof cell === "number" ? cell.toLocaleString() : cell ?? "");

export function makeDataCard(call, attempts) {
  const { columns, rows, more, query } = call.result;
  const title = call.arguments.note || "What the query has found";
  const shown = rows.slice(0, MOST_ROWS);
  const counts = [formatCount(rows.length, "row"), more && "more were left out", shown.length < rows.length && `the first ${MOST_ROWS} are shown`, attempts > 1 && formatCount(attempts, "attempt")];
  return el("figure", { class: "data" },
    el("figcaption", { dir: "auto" }, title),
    makeChart(columns, rows),
    el("div", { class: "data-rows", tabindex: "0", role: "group", "aria-label": `Table: ${title}` },
      el("table", {},
        el("thead", {}, el("tr", {}, ...columns.map(({ name, kind }) => el("th", { scope: "col", class: kind, dir: "auto" }, name)))),
        el("tbody", {}, ...shown.map((row) =>
          el("tr", {}, ...row.map((cell, n) => el("td", { class: columns[n].kind, dir: "auto" }, formatCell(cell)))))))),
    el("div", { class: "row" },
      el("span", { class: "muted small" }, counts.filter(Boolean).join(" · ")),
      el("button", { type: "button", class: "link", onclick: () => downloadText("data.csv", "text/csv", makeCsv(columns, rows)) }, "Download CSV")),
    el("details", {}, el("summary", { class: "muted small" }, "Query"), el("pre", { tabindex: "0" }, query)));
}

// A text that a spreadsheet would take for a formula gets an apostrophe.
const quoteCell = (cell) => `"${String(cell ?? "").replace(typeof cell === "string" ? /^[=+\-@\t\r]/ : /^$/, "'$&").replaceAll('"', '""')}"`;

const makeCsv = (columns, rows) =>
  `\ufeff${[columns.map(({ name }) => name), ...rows].map((row) => row.map(quoteCell).join(",")).join("\r\n")}\r\n`;

// A line where a column is a time, bars where one is a text with few values; null where there is no number beside it.
function makeChart(columns, rows) {
  const number = columns.findLastIndex(({ kind }) => kind === "number");
  const time = columns.findIndex(({ kind }) => kind === "time");
  const label = time < 0 ? columns.findIndex(({ kind }) => kind === "text") : time;
  if (number < 0 || label < 0 || rows.length < 2) return null;
  const points = rows.map((row) => [String(row[label] ?? ""), row[number]]).filter(([, value]) => value !== null);
  const few = new Set(points.map(([name]) => name)).size === points.length && points.length <= MOST_BARS;
  if (time < 0 && !few) return null;
  const values = points.map(([, value]) => value);
  const low = Math.min(0, ...values);
  const scale = 1 / (Math.max(0, ...values) - low || 1);
  const [height, parts] = time < 0 ? drawBars(points, low, scale) : drawLine(points.sort(([a], [b]) => (a < b ? -1 : 1)), low, scale);
  const words = `${columns[number].name} by ${columns[label].name}, from ${formatCell(Math.min(...values))} to ${formatCell(Math.max(...values))}; the table has the values.`;
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": words }, svg("title", {}, words), ...parts);
}

const write = (x, y, anchor, text) => svg("text", { x, y, "text-anchor": anchor }, text.length > 30 ? `${text.slice(0, 29)}…` : text);

function drawBars(points, low, scale) {
  const zero = -low * scale * WIDTH;
  return [points.length * BAR, points.flatMap(([name, value], n) => [
    write(0, n * BAR + 12, "start", name), write(WIDTH, n * BAR + 12, "end", formatCell(value)),
    svg("rect", { x: zero + Math.min(0, value * scale * WIDTH), y: n * BAR + 16, width: Math.max(1, Math.abs(value) * scale * WIDTH), height: 6, rx: 2 }),
  ])];
}

function drawLine(points, low, scale) {
  const times = points.map(([name], n) => Date.parse(name.replace(" ", "T")) || n);
  const span = times.at(-1) - times[0] || 1;
  const path = points.map(([, value], n) => `${(((times[n] - times[0]) / span) * WIDTH).toFixed(1)},${(LINE - (value - low) * scale * (LINE - 20)).toFixed(1)}`);
  const most = points.reduce((best, point) => (point[1] > best[1] ? point : best));
  return [LINE + 18, [
    svg("polyline", { points: path.join(" ") }), write(0, LINE + 15, "start", points[0][0]), write(WIDTH, LINE + 15, "end", points.at(-1)[0]),
    write(0, 12, "start", `${formatCell(most[1])} (${most[0]})`),
  ]];
}

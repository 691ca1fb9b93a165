// chart.js -- an SVG chart of the tasks done in the last weeks, a bar for each day.
import { $, formatCount, el, svg } from "../dom.js";

const WIDTH = 280;
const HEIGHT = 56;
const GAP = 2;
const NAME = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

const formatDay = (date) => NAME.format(new Date(`${date}T00:00:00Z`));

// `days`: [{date, count}], oldest first. The label tells in words what the chart shows.
export function drawChart(days) {
  const total = days.reduce((sum, day) => sum + day.count, 0);
  const most = Math.max(3, ...days.map((day) => day.count));
  const step = WIDTH / days.length;
  const today = days.at(-1);
  const best = days.reduce((found, day) => (day.count > found.count ? day : found), days[0]);
  const words = total
    ? `${formatCount(total, "task")} done in the last ${days.length} days: ${today.count} today, most on ${formatDay(best.date)} (${best.count}).`
    : `No task done in the last ${days.length} days.`;
  const bars = days.map((day, index) => {
    const height = day.count ? Math.max(4, (day.count / most) * (HEIGHT - 4)) : 2;
    return svg("rect", {
      class: day === today ? "bar today" : day.count ? "bar" : "bar none",
      x: (index * step + GAP / 2).toFixed(1), y: (HEIGHT - height).toFixed(1),
      width: (step - GAP).toFixed(1), height: height.toFixed(1), rx: 1.5,
    }, svg("title", {}, `${formatDay(day.date)}: ${formatCount(day.count, "task")}`));
  });
  $("done-caption").replaceChildren(el("span", {}, "Done"), el("span", { class: "muted" }, `${total} in 4 weeks`));
  $("done-picture").replaceChildren(
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words }, ...bars),
  );
  $("done").hidden = false;
}

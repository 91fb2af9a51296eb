// The part of the case that the timeline shows: from a to b seconds, over w pixels.
const FULL = { a: -data.span * 0.012, b: data.span * 1.012 };
const SHORTEST = 1e-5;

const view = { a: FULL.a, b: FULL.b, w: 600 };

const xOf = (seconds) => ((seconds - view.a) / (view.b - view.a)) * view.w;
const secondsOf = (x) => view.a + (x / view.w) * (view.b - view.a);

function setView(a, b) {
  const least = Math.min(SHORTEST, FULL.b - FULL.a);
  const width = Math.min(FULL.b - FULL.a, Math.max(least, b - a));
  const middle = (a + b) / 2;
  view.a = Math.min(Math.max(middle - width / 2, FULL.a), FULL.b - width);
  view.b = view.a + width;
}

function zoomView(factor, around) {
  const centre = around === undefined ? (view.a + view.b) / 2 : around;
  const width = Math.min(FULL.b - FULL.a, Math.max(SHORTEST, (view.b - view.a) * factor));
  const part = (centre - view.a) / (view.b - view.a);
  setView(centre - part * width, centre + (1 - part) * width);
}

// Steps that a clock knows.
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

function axisStep() {
  const least = ((view.b - view.a) / view.w) * 130;
  if (least >= 1) return STEPS.find((step) => step >= least) || Math.ceil(least / 86400) * 86400;
  const power = Math.pow(10, Math.floor(Math.log10(least)));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least);
}

// Seconds at which the axis has lines, on whole steps of the day.
function axisTicks() {
  const step = axisStep();
  const start = (data.start_us % 86400e6) / 1e6 + data.start_ns / 1e9;
  const ticks = [];
  for (let n = Math.ceil((view.a + start) / step); n * step - start <= view.b; n += 1) ticks.push(n * step - start);
  const digits = step >= 1 ? 0 : Math.min(6, Math.ceil(-Math.log10(step) - 1e-9));
  return { ticks, digits };
}

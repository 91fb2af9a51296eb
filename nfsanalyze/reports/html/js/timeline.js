// The timeline: its rows, its axis, and what of them is drawn.
const chart = {
  node: byId("tl"), scroll: document.querySelector(".tl-scroll"), canvas: document.querySelector(".tl-rows"),
  axis: document.querySelector(".tl-axis"), span: document.querySelector(".tl-span"), thumb: document.querySelector(".tl-thumb"),
  drawn: new Map(), lit: new Set(), waiting: false, whole: false,
};

function requestDraw() {
  if (chart.waiting) return;
  chart.waiting = true;
  requestAnimationFrame(() => {
    chart.waiting = false;
    drawTimeline();
  });
}

function measure() {
  if (chart.whole) return;
  const gutter = parseFloat(getComputedStyle(chart.node).getPropertyValue("--gutter"));
  view.w = Math.max(160, chart.scroll.clientWidth - gutter);
}

function relay() {
  layRows();
  for (const { node } of chart.drawn.values()) node.remove();
  chart.drawn.clear();
  chart.canvas.style.height = rows.total + "px";
  requestDraw();
}

function drawTimeline() {
  measure();
  const top = chart.whole ? 0 : chart.scroll.scrollTop;
  const height = chart.whole ? Infinity : chart.scroll.clientHeight || 700;
  const wanted = new Map();
  let past = false;
  for (let index = rowAt(top); index < rows.list.length && rows.list[index].top < top + height; index += 1) {
    past = past || (chart.until && rows.list[index].entry === chart.until);
    if (past && rows.list[index].entry !== chart.until) break;
    wanted.set(rows.list[index].key, rows.list[index]);
  }
  for (const [key, { node }] of chart.drawn) {
    if (wanted.has(key)) continue;
    node.remove();
    chart.drawn.delete(key);
  }
  for (const [key, row] of wanted) {
    let made = chart.drawn.get(key);
    if (!made) {
      made = { row, node: rowNode(row, toggleClient), hits: [] };
      made.node.style.top = row.top + "px";
      made.node.style.height = row.height + "px";
      made.plot = made.node.querySelector("svg");
      if (made.plot && row.kind === "lane") watchLane(made);
      chart.drawn.set(key, made);
      chart.canvas.append(made.node);
    }
    if (!made.plot) continue;
    made.plot.setAttribute("width", view.w);
    if (row.kind === "lane") made.hits = drawLane(made.plot, row.entry, row.lane, chart.lit);
    else drawStrip(made.plot, row.entry);
  }
  drawAxis();
}

function drawAxis() {
  const parts = [];
  const { ticks, digits } = axisTicks();
  for (const seconds of ticks) {
    const x = Math.round(xOf(seconds)) + 0.5;
    parts.push(svg("line", { x1: x, x2: x, y1: 40, y2: 46 }));
    const label = clockTime(seconds, digits);
    const half = label.length * 3.4;
    if (x > half && x < view.w - half) parts.push(svg("text", { x, y: 36, "text-anchor": "middle" }, label));
  }
  parts.push(...moveFlags());
  chart.axis.setAttribute("width", view.w);
  chart.axis.replaceChildren(...parts);
  const whole = FULL.b - FULL.a;
  const part = (view.b - view.a) / whole;
  chart.thumb.hidden = part > 0.999;
  chart.thumb.style.left = ((view.a - FULL.a) / whole) * 100 + "%";
  chart.thumb.style.width = part * 100 + "%";
  chart.span.textContent = part > 0.999 ? duration(data.span) + " in all" : duration(view.b - view.a) + " shown";
}

// On paper nothing scrolls: clients with findings stand in full, as far as a reader would turn pages.
function drawForPaper(paper) {
  chart.whole = paper;
  if (paper) view.w = PAPER.width;
  const clientsKept = rows.list.filter((row) => row.kind === "client").slice(0, 50);
  const last = clientsKept[clientsKept.length - 1];
  chart.until = paper && last ? last.entry : null;
  if (data.timeline.length) drawTimeline();
}

// Moves above the axis: by name while there is room, else as a rug of strokes and their number.
const FLAGS = 12;

function moveFlags() {
  const seen = data.moves.filter((move) => inView(move.t, move.t)).sort((one, other) => one.t - other.t);
  if (seen.length > FLAGS) {
    const places = [...new Set(seen.map((move) => Math.round(xOf(move.t) / 2) * 2 + 0.5))];
    const words = counted(seen.length, "takeover or restart", "takeovers and restarts");
    return [svg("path", { class: "rug", d: places.map((x) => `M${x} 18V24`).join("") }), svg("text", { x: 0, y: 13, class: "rug-words" }, words)];
  }
  let free = -Infinity;
  return seen.map((move) => {
    const x = Math.round(xOf(move.t)) + 0.5;
    const words = move.kind + " " + move.address;
    const width = words.length * 5.9 + 12;
    const left = Math.min(Math.max(x - width / 2, 0), view.w - width);
    const flag = svg("g", { class: "flag" }, svg("line", { x1: x, x2: x, y1: 20, y2: 46 }));
    if (left > free) {
      flag.append(svg("rect", { x: left, y: 4, width, height: 17, rx: 4 }), svg("text", { x: left + width / 2, y: 16, "text-anchor": "middle" }, words));
      free = left + width + 3;
    }
    return flag;
  });
}

function toggleClient(client, open) {
  rows.open.set(client, open);
  relay();
}

function startTimeline() {
  if (!data.timeline.length) return;
  byId("timeline").hidden = false;
  const all = byId("timeline-all");
  all.hidden = quiet === 0 || quiet === ordered.length;
  all.querySelector("span").textContent = "and " + counted(quiet, "client") + " without findings";
  all.querySelector("input").addEventListener("change", (event) => {
    rows.all = event.target.checked;
    relay();
  });
  const filter = byId("timeline-filter");
  filter.hidden = data.timeline.length < 4;
  filter.addEventListener("input", later(120, () => {
    rows.words = filter.value.trim();
    chart.scroll.scrollTop = 0;
    relay();
  }));
  byId("zoom-in").addEventListener("click", () => zoomAndDraw(0.5));
  byId("zoom-out").addEventListener("click", () => zoomAndDraw(2));
  byId("zoom-reset").addEventListener("click", () => {
    setView(FULL.a, FULL.b);
    chart.lit.clear();
    requestDraw();
  });
  chart.scroll.addEventListener("scroll", () => {
    hideTip();
    requestDraw();
  });
  new ResizeObserver(requestDraw).observe(chart.scroll);
  drawLegend();
  watchPan();
  relay();
}

function zoomAndDraw(factor, around) {
  zoomView(factor, around);
  requestDraw();
}

// Only what occurs in this report.
function drawLegend() {
  const used = new Set(data.timeline.flatMap((entry) => entry.lanes.flatMap((lane) => lane.marks.map((mark) => data.kinds[mark[0]]))));
  if (data.findings.length) used.add("evidence");
  const sample = (...parts) => svg("svg", { width: 24, height: 16, class: "h0" }, ...parts);
  const item = (picture, words) => el("li", {}, picture, words);
  const items = [
    item(sample(svg("rect", { class: "lease", x: 0, y: 2, width: 24, height: 12, rx: 2.5 }), svg("path", { class: "tick", d: "M5.5 3V13M12.5 3V13M18.5 3V13" })), "lease, with its renewals; the colour is the head"),
    item(sample(svg("rect", { class: "tail", x: 0.5, y: 2.5, width: 23, height: 11 })), "not renewed any more"),
  ];
  if (data.timeline.some((entry) => entry.lanes.some((lane) => lane.silences.length))) {
    items.push(item(sample(svg("rect", { class: "silence", x: 0, y: 2, width: 24, height: 12 })), "silence longer than the lease time"));
  }
  if (data.moves.length) items.push(item(sample(svg("line", { class: "move", x1: 12, x2: 12, y1: 0, y2: 16 })), "takeover or restart"));
  for (const [kind, { name }] of Object.entries(KINDS)) {
    if (used.has(kind)) items.push(item(svg("svg", { width: 16, height: 16 }, svg("g", { class: "mark " + kind }, shape(kind, 8, 8))), name));
  }
  if (data.findings.length) items.push(item(svg("svg", { width: 16, height: 16 }, svg("g", { class: "mark" }, svg("path", { class: "cited", d: "M4 12.5H12" }))), "cited by a finding"));
  byId("legend").classList.add("tl");
  byId("legend").replaceChildren(...items);
}

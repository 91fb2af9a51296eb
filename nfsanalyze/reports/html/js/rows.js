// The rows of the timeline: a heading a client, and its lanes while it is open. Only those in view are drawn.
const HEADING = 30;
const EXPANDED = 40;

const rows = { list: [], total: 0, open: new Map(), all: data.findings.length === 0, words: "" };

const SEVERITY_RANK = Object.fromEntries(SEVERITIES.map((name, rank) => [name, rank]));

// Clients with findings first, the gravest of them before the others.
const ordered = data.timeline
  .map((entry, index) => {
    const found = findingsOf.get(entry.client) || [];
    const worst = Math.min(9, ...found.map((number) => SEVERITY_RANK[data.findings[number].severity]));
    return { entry, index, found, worst };
  })
  .sort((one, other) => one.worst - other.worst || one.index - other.index);

const quiet = ordered.filter((each) => !each.found.length).length;

function layRows() {
  const words = rows.words.toLowerCase();
  const shown = ordered.filter(({ entry, found }) => {
    if (!words) return rows.all || found.length > 0;
    const text = [entry.client, entry.name, entry.owner, ...entry.hosts, ...entry.lanes.map((lane) => lane.address)].join(" ");
    return text.toLowerCase().includes(words);
  });
  const few = shown.length <= EXPANDED;
  let top = 0;
  rows.list = [];
  const put = (row) => {
    rows.list.push({ ...row, top });
    top += row.height;
  };
  for (const { entry, found } of shown) {
    const open = rows.open.has(entry.client) ? rows.open.get(entry.client) : few;
    put({ kind: "client", entry, found, open, height: HEADING, key: "c" + entry.client });
    if (!open) continue;
    for (const lane of entry.lanes) put({ kind: "lane", entry, lane, height: LANE.height, key: "l" + entry.client + " " + lane.address });
  }
  rows.total = top;
}

function rowAt(top) {
  let low = 0;
  let high = rows.list.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows.list[middle].top <= top) low = middle;
    else high = middle - 1;
  }
  return low;
}

function rowNode(row, toggle) {
  const node = el("div", { className: "tl-row " + row.kind });
  if (row.kind === "client") {
    const { entry } = row;
    const label = el("button", { type: "button", className: "tl-label" },
      el("span", { className: "caret" }), el("span", {}, entry.name),
      entry.hosts.length ? el("small", {}, entry.hosts.join(", ")) : null,
      row.found.length ? dots(row.found) : null);
    label.setAttribute("aria-expanded", String(row.open));
    label.addEventListener("click", () => toggle(entry.client, !row.open));
    node.append(label);
    if (!row.open) node.append(svg("svg", { height: HEADING - 1 }));
  } else {
    const plot = svg("svg", { height: LANE.height, tabindex: 0, role: "application", "aria-label": laneLabel(row) });
    node.append(el("div", { className: "tl-label", title: row.lane.address }, row.lane.address), plot);
  }
  return node;
}

function dots(found) {
  const counts = SEVERITIES.map((name) => [name, found.filter((number) => data.findings[number].severity === name).length]);
  const node = el("span", { className: "dots", title: counted(found.length, "finding") });
  for (const [name, number] of counts) if (number) node.append(el("i", { className: "sev-" + name }), String(number));
  return node;
}

function laneLabel({ entry, lane }) {
  return `${who(entry.client)} at ${lane.address}: ${counted(lane.leases.length, "lease")}, ${counted(lane.marks.length, "mark")}`;
}

// A closed client: its leases and refusals as one thin strip.
function drawStrip(node, entry) {
  const parts = [];
  const middle = HEADING / 2;
  const each = Math.min(7, 20 / entry.lanes.length);
  entry.lanes.forEach((lane, at) => {
    const top = middle + (at - entry.lanes.length / 2) * each;
    for (const bar of lane.leases) {
      if (inView(bar.first, leaseEnd(bar))) parts.push(rect("strip " + headClass(bar.head), bar.first, leaseEnd(bar), top + 0.5, top + each - 0.5));
    }
  });
  let path = "";
  let before = -9;
  const bad = entry.lanes.flatMap((lane) => lane.marks.filter((mark) => KINDS[data.kinds[mark[0]]].rank >= 5).map((mark) => mark[2]));
  for (const t of bad.sort((one, other) => one - other)) {
    const x = Math.round(xOf(t)) + 0.5;
    if (inView(t, t) && x - before >= 2) path += `M${x} ${middle - 7}V${middle + 7}`;
    if (x - before >= 2) before = x;
  }
  if (path) parts.push(svg("path", { class: "strip-bad", d: path }));
  node.replaceChildren(...parts);
}

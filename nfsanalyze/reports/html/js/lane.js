// Draws one lane: a server address of a client. What can be pointed at goes into `hits`.
const LANE = { height: 52, markY: 10, top: 19, bottom: 35, captionY: 47 };
const HEADS = 6;
const ENDS = {
  replaced: "replaced", destroyed: "destroyed", expired: "expired", stale: "stale", moved: "stale: address moved",
  restarted: "stale: server restarted", "client-restarted": "client restarted", silent: "silent",
};
const QUIET_ENDS = new Set(["replaced", "destroyed", "client-restarted", "silent"]);

const headClass = (head) => (head === null ? "hx" : "h" + ((head - 1) % HEADS));
const inView = (first, last) => last >= view.a && first <= view.b;
const clampX = (seconds) => Math.min(view.w + 4, Math.max(-4, xOf(seconds)));

function rect(name, first, last, top, bottom, extra) {
  const x = clampX(first);
  const width = Math.max(1.5, clampX(last) - x);
  return svg("rect", { class: name, x, y: top, width, height: bottom - top, ...extra });
}

function drawLane(node, entry, lane, lit) {
  const parts = [];
  const hits = [];
  for (const seconds of axisTicks().ticks) {
    const x = Math.round(xOf(seconds)) + 0.5;
    parts.push(svg("line", { class: "grid", x1: x, x2: x, y1: 0, y2: LANE.height }));
  }
  drawBands(parts, hits, lane);
  lane.leases.forEach((bar, index) => drawLease(parts, hits, lane, bar, index));
  lane.silences.forEach((silence) => drawSilence(parts, hits, silence));
  drawMoves(parts, hits, lane.address);
  for (const cluster of clusters(marksOf(entry, lane))) drawCluster(parts, hits, cluster, lit);
  node.replaceChildren(...parts);
  return hits.sort((one, other) => one.x - other.x);
}

function drawBands(parts, hits, lane) {
  for (const [head, from, to] of data.stays[lane.address] || []) {
    if (!inView(from, to)) continue;
    parts.push(rect("band " + headClass(head), from, to, 0, LANE.height));
    hits.push({ area: [clampX(from), clampX(to), 0, LANE.height], x: clampX(from), rank: 0, title: "Head " + head + " behind " + lane.address, lines: [clockTime(from, 3) + " to " + clockTime(to, 3)] });
  }
}

// Until when the lease was good: told otherwise, or its time after the last renewal.
function leaseEnd(bar) {
  if (bar.end && bar.end.time !== null) return Math.max(bar.last, bar.end.time);
  return Math.min(bar.last + (bar.lease_time_s || 0), data.span);
}

function drawLease(parts, hits, lane, bar, index) {
  const end = leaseEnd(bar);
  if (!inView(bar.first, end)) return;
  const group = svg("g", { class: headClass(bar.head) });
  const { top, bottom } = LANE;
  group.append(rect("lease", bar.first, bar.last, top, bottom, { rx: 2.5 }));
  if (end > bar.last) group.append(rect("tail", bar.last, end, top + 0.5, bottom - 0.5));
  group.append(rect("lease-edge", bar.first, bar.last, top + 0.5, bottom - 0.5, { rx: 2.5 }));
  const renewals = bar.renewals.reduce((sum, tick) => sum + tick[2], 0);
  let path = "";
  let before = -2;
  for (const [first, last, count, frame] of bar.renewals) {
    const t = bar.first + first;
    if (bar.first + last < view.a || t > view.b) continue;
    const x = Math.round(xOf(t)) + 0.5;
    if (x - before >= 2) path += `M${x} ${top + 1}V${bottom - 1}`;
    before = x - before >= 2 ? x : before;
    const when = count === 1 ? [] : [clockTime(t) + " to " + clockTime(bar.first + last)];
    hits.push({
      x, y: (top + bottom) / 2, reach: 4, rank: 2, t, frame, capture: bar.capture,
      title: count === 1 ? "Renewal of " + bar.clientid : counted(count, "renewal") + " of " + bar.clientid,
      lines: when, step: true,
    });
  }
  if (path) group.append(svg("path", { class: "tick", d: path }));
  const reason = bar.end && ENDS[bar.end.reason];
  if (reason && bar.end.time !== null && inView(bar.end.time, bar.end.time)) {
    const x = xOf(bar.end.time);
    group.append(svg("line", { class: QUIET_ENDS.has(bar.end.reason) ? "cap-end" : "cap-bad", x1: x, x2: x, y1: top - 1, y2: bottom + 1 }));
  }
  drawCaption(group, lane, bar, index, renewals, reason);
  parts.push(group);
  hits.push({
    area: [clampX(bar.first), clampX(end), top, bottom], x: clampX(bar.first), rank: 1,
    title: "Lease " + bar.lease + ": clientid " + bar.clientid,
    lines: [
      counted(renewals, "renewal") + " here, " + clockTime(bar.first, 3) + " to " + clockTime(bar.last, 3),
      "lease time " + bar.lease_time_s + " s" + (bar.head === null ? "" : ", head " + bar.head) + (reason ? ", end: " + reason : ""),
    ],
  });
}

// Under the bar, as far as there is room before the next one.
function drawCaption(group, lane, bar, index, renewals, reason) {
  const next = lane.leases[index + 1];
  const from = Math.max(4, xOf(bar.first));
  const to = Math.min(view.w, next && next.first > bar.first ? xOf(next.first) : view.w, Math.max(xOf(leaseEnd(bar)), from + 130));
  const room = (to - from - 8) / 6.7;
  if (room < 18 || to < from) return;
  const text = svg("text", { class: "caption", x: from, y: LANE.captionY }, bar.clientid);
  const more = counted(renewals, "renewal") + (reason ? ", " + reason : "");
  if (room > 20 + more.length) text.append(svg("tspan", { class: "why", dx: 8 }, more));
  group.append(text);
}

function drawSilence(parts, hits, silence) {
  if (!inView(silence.first, silence.last)) return;
  const excused = silence.excused !== null;
  parts.push(rect("silence" + (excused ? " excused" : ""), silence.first, silence.last, LANE.top, LANE.bottom));
  hits.push({
    area: [clampX(silence.first), clampX(silence.last), LANE.top, LANE.bottom], x: clampX(silence.first), rank: 1.5,
    title: "Silence of " + duration(silence.gap_s) + ", lease time " + silence.lease_time_s + " s" + (silence.assumed ? " (assumed)" : ""),
    lines: ["after " + frameText(silence.last_frame, silence.capture) + "; then: " + silence.after + (excused ? " (" + silence.excused + ")" : "")],
  });
}

function drawMoves(parts, hits, address) {
  for (const move of data.moves) {
    if (move.address !== address || !inView(move.t, move.t)) continue;
    const x = Math.round(xOf(move.t)) + 0.5;
    parts.push(svg("line", { class: "move " + move.kind, x1: x, x2: x, y1: 0, y2: LANE.height }));
    hits.push({
      x, y: LANE.height - 6, reach: 4, rank: 2.5, t: move.t, frame: move.frame, capture: move.capture,
      title: move.kind[0].toUpperCase() + move.kind.slice(1), lines: [move.what], findings: findingsAt(move.capture, move.frame), step: true,
    });
  }
}

function drawCluster(parts, hits, cluster, lit) {
  const { x, first } = cluster;
  const group = svg("g", { class: "mark " + first.kind, "data-frame": first.frame });
  if (cluster.marks.some((mark) => lit.has(frameKey(mark.capture, mark.frame)))) {
    group.classList.add("lit");
    group.append(svg("circle", { class: "halo", cx: x, cy: LANE.markY, r: 8.5 }));
  }
  group.append(shape(first.kind, x, LANE.markY));
  if (cluster.findings.length) group.append(svg("path", { class: "cited", d: `M${x - 4} ${LANE.markY + 7.5}H${x + 4}` }));
  if (cluster.count > 1 && cluster.room > 26) {
    group.append(svg("text", { class: "many", x: x + 6.5, y: LANE.markY + 3.5 }, cluster.count > 999 ? Math.round(cluster.count / 1000) + "k" : String(cluster.count)));
  }
  parts.push(group);
  const { marks } = cluster;
  const lines = marks.length === 1 ? [] : marks.slice(0, 4).map((mark) => frameText(mark.frame, mark.capture) + ": " + (mark.note || mark.what) + (mark.count > 1 ? ` (${mark.count} times)` : ""));
  if (marks.length > 4) lines.push("and " + (marks.length - 4) + " more: zoom in");
  hits.push({
    x, y: LANE.markY, reach: 8, rank: 4, t: first.t, frame: first.frame, capture: first.capture, step: true, marks,
    title: marks.length === 1 ? (first.note || first.what) + (first.count > 1 ? ` (${first.count} times)` : "") : counted(cluster.count, "event"),
    lines, findings: cluster.findings,
  });
}

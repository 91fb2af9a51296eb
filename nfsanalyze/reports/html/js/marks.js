// The signs of a lane: what each looks like, and how those that would lie on each other become one.
const KINDS = {
  identity: { name: "client owner sent", rank: 1 },
  reclaim: { name: "reclaim", rank: 2 },
  flag: { name: "status flag or lesser refusal", rank: 3 },
  evidence: { name: "other frame of a finding", rank: 4 },
  error: { name: "clientid, session or state refused", rank: 5 },
  "refused-reclaim": { name: "reclaim refused for good", rank: 6 },
  loss: { name: "open, lock or delegation lost", rank: 7 },
};
const CELL = 14;

function shape(kind, x, y) {
  switch (kind) {
    case "identity":
      return svg("circle", { class: "shape", cx: x, cy: y, r: 3.6 });
    case "evidence":
      return svg("circle", { class: "shape", cx: x, cy: y, r: 4 });
    case "flag":
      return svg("rect", { class: "shape", x: x - 3.6, y: y - 3.6, width: 7.2, height: 7.2 });
    case "loss":
      return svg("path", { class: "shape", d: `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x + 4} ${y - 4}L${x - 4} ${y + 4}` });
    case "error":
      return svg("path", { class: "shape", d: `M${x} ${y - 5.4}L${x + 5.4} ${y}L${x} ${y + 5.4}L${x - 5.4} ${y}Z` });
    default:
      return svg("path", { class: "shape", d: `M${x} ${y - 5}L${x + 5} ${y + 4}L${x - 5} ${y + 4}Z` });
  }
}

// Marks of a lane as objects; frames that only a finding names are marks too.
function marksOf(entry, lane) {
  if (lane.all) return lane.all;
  const marks = lane.marks.map(unpackMark);
  const known = new Map(marks.map((mark) => [frameKey(mark.capture, mark.frame), mark]));
  for (const number of findingsOf.get(entry.client) || []) {
    for (const each of data.findings[number].evidence) {
      if (each.client !== entry.client || each.address !== lane.address) continue;
      const key = frameKey(each.capture, each.frame);
      const mark = known.get(key);
      if (mark) {
        mark.note = each.note;
        continue;
      }
      const added = {
        kind: "evidence", what: each.note, note: each.note, t: each.t, last: each.t, count: 1,
        capture: each.capture, frame: each.frame, findings: findingsAt(each.capture, each.frame),
      };
      known.set(key, added);
      marks.push(added);
    }
  }
  lane.all = marks.sort((one, other) => one.t - other.t || one.frame - other.frame);
  return lane.all;
}

// Marks in view, those of one cell of pixels together, the gravest in front.
function clusters(marks) {
  const found = [];
  for (const mark of marks) {
    if (mark.last < view.a || mark.t > view.b) continue;
    const x = xOf(Math.max(mark.t, view.a));
    const last = found[found.length - 1];
    if (last && x - last.x < CELL) last.marks.push(mark);
    else found.push({ x, marks: [mark] });
  }
  for (const [at, cluster] of found.entries()) {
    cluster.first = cluster.marks.reduce((best, mark) => {
      const gain = KINDS[mark.kind].rank - KINDS[best.kind].rank;
      return gain > 0 ? mark : best;
    });
    cluster.count = cluster.marks.reduce((sum, mark) => sum + mark.count, 0);
    cluster.findings = [...new Set(cluster.marks.flatMap((mark) => mark.findings))];
    cluster.room = at + 1 < found.length ? found[at + 1].x - cluster.x : Infinity;
    cluster.x = cluster.marks.length === 1 ? cluster.x : xOf(Math.max(cluster.first.t, view.a));
  }
  return found;
}

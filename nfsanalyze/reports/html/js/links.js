// From evidence to the timeline and back.
function placeOf(finding, each) {
  const client = each.client || finding.client;
  for (const entry of [clients.get(client), ...data.timeline]) {
    if (!entry) continue;
    const lane = entry.lanes.find((one) => one.address === each.address) || (entry.client === client ? entry.lanes[0] : undefined);
    if (lane) return { entry, lane };
  }
  return null;
}

function showFrames(finding, evidence) {
  const places = evidence.map((each) => placeOf(finding, each)).filter(Boolean);
  if (!places.length) return;
  chart.lit = new Set(evidence.map((each) => frameKey(each.capture, each.frame)));
  let closed = false;
  for (const { entry } of places) {
    if (!rows.list.some((row) => row.kind === "client" && row.entry === entry)) {
      rows.words = byId("timeline-filter").value = "";
      rows.all = rows.all || !(findingsOf.get(entry.client) || []).length;
      closed = true;
    }
    if (!rows.list.some((row) => row.kind === "lane" && row.entry === entry)) {
      rows.open.set(entry.client, true);
      closed = true;
    }
  }
  if (closed) relay();
  focusOn(evidence, finding);
  const { entry, lane } = places[0];
  const row = rows.list.find((each) => each.kind === "lane" && each.entry === entry && each.lane === lane);
  const heading = rows.list.find((each) => each.kind === "client" && each.entry === entry);
  if (row) chart.scroll.scrollTop = Math.max(heading.top, row.top + row.height - chart.scroll.clientHeight);
  byId("timeline").scrollIntoView({ block: "start" });
  byId("tl-live").textContent = evidence.map((each) => frameText(each.frame, each.capture) + ": " + each.note).join("; ");
  requestDraw();
}

// One frame is shown with its surroundings in the finding; several so that all are in view.
function focusOn(evidence, finding) {
  const times = evidence.map((each) => each.t);
  const all = finding.evidence.map((each) => each.t);
  const first = Math.min(...times);
  const last = Math.max(...times);
  const whole = FULL.b - FULL.a;
  const width = times.length > 1 ? (last - first) * 1.3 : Math.min((Math.max(...all) - Math.min(...all)) * 1.3, whole / 5);
  // long captures: some lease times around it
  const least = Math.min(whole / 25, 120);
  const half = Math.max(width, least) / 2;
  setView((first + last) / 2 - half, (first + last) / 2 + half);
}

function showFinding(number, capture, frame) {
  if (!findingList.shown.includes(number)) {
    chosen.severities.clear();
    chosen.words = byId("finding-filter").value = "";
    for (const chip of document.querySelectorAll("#severities .chip")) chip.setAttribute("aria-pressed", "false");
    showFindings();
  }
  findingList.reach(findingList.shown.indexOf(number));
  const node = findingNode(number);
  node.open = true;
  fillFinding(node, number);
  const row = frame === undefined ? null : [...node.querySelectorAll("tr.jump")].find((each) => each.dataset.frame === String(frame) && each.dataset.capture === String(capture));
  node.scrollIntoView({ block: "start" });
  flash(node);
  if (row) flash(row);
}

// The findings: one line each, opened to message, evidence, call flow and remedy.
const chosen = { severities: new Set(), words: "" };
const findingNodes = new Map();

function shownFindings() {
  const words = chosen.words.toLowerCase();
  return data.findings.map((_, number) => number).filter((number) => {
    const finding = data.findings[number];
    if (chosen.severities.size && !chosen.severities.has(finding.severity)) return false;
    if (!words) return true;
    const text = [finding.rule, finding.name, finding.title, finding.message, finding.client, who(finding.client), ...finding.servers, ...finding.clientids];
    return text.join(" ").toLowerCase().includes(words);
  });
}

const findingList = pagedList(byId("finding-list"), findingNode, 100, ["finding", "findings"]);

function showFindings() {
  const shown = shownFindings();
  findingList.shown = shown;
  findingList.show(shown);
  byId("finding-count").textContent = shown.length === data.findings.length ? "" : `${shown.length.toLocaleString("en-US")} of ${data.findings.length.toLocaleString("en-US")}`;
}

function findingNode(number) {
  if (findingNodes.has(number)) return findingNodes.get(number);
  const finding = data.findings[number];
  const others = finding.other_clients.length ? " and " + counted(finding.other_clients.length, "other") : "";
  const parties = [finding.client ? who(finding.client) + others : "", finding.servers.join(", ")].filter(Boolean).join(" \u2192 ");
  const node = el("details", { className: "finding sev-" + finding.severity, id: "finding-" + number },
    el("summary", {},
      el("span", { className: "sev" }, finding.severity),
      el("span", { className: "rule" }, finding.rule),
      el("span", { className: "title" }, finding.title, finding.known ? el("span", { className: "known" }, "known") : null),
      el("span", { className: "who" }, parties)));
  node.addEventListener("toggle", () => fillFinding(node, number));
  findingNodes.set(number, node);
  return node;
}

function fillFinding(node, number) {
  if (!node.open || node.querySelector(".body")) return;
  const finding = data.findings[number];
  const body = el("div", { className: "body" },
    el("p", { className: "message" }, finding.message),
    causes(finding),
    evidenceTable(finding, number),
    ladderFigure(finding),
    lostFiles(finding),
    remedy(finding),
    el("div", {},
      el("h3", {}, "Wireshark filter"),
      el("div", { className: "filter" }, el("code", {}, finding.filter), copyButton(finding.filter, "Copy"), several ? el("span", { className: "in" }, "in " + data.captures[finding.capture]) : null)),
    el("p", { className: "aside" }, `Confidence: ${finding.confidence}. ${finding.name}; nfsanalyze explain ${finding.rule}. ${data.texts[finding.references]}`));
  node.append(body);
}

function causes(finding) {
  if (!finding.causes.length) return null;
  const line = el("p", { className: "aside" }, "Because of ");
  finding.causes.forEach((number, at) => {
    const cause = data.findings[number];
    const link = el("a", { href: "#finding-" + number }, cause.rule + " " + cause.title);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      showFinding(number);
    });
    line.append(at ? "; " : "", link);
  });
  return line;
}

function evidenceTable(finding, number) {
  const body = el("tbody");
  for (const each of finding.evidence) {
    const frame = el("button", { type: "button", className: "frame", title: "Show on the timeline" }, String(each.frame));
    const row = el("tr", { className: "jump" },
      el("td", { className: "num" }, frame),
      several ? el("td", {}, data.captures[each.capture]) : null,
      el("td", { className: "num" }, clockTime(each.t)),
      el("td", { className: "num" }, elapsed(each.t)),
      el("td", { className: "what" }, each.note));
    row.dataset.frame = each.frame;
    row.dataset.capture = each.capture;
    row.addEventListener("click", () => showFrames(finding, [each]));
    body.append(row);
  }
  const head = ["Frame", several ? "Capture" : null, "Time", "Elapsed", "What it shows"].filter(Boolean);
  const all = el("button", { type: "button", className: "plain" }, "Show all on the timeline");
  all.addEventListener("click", () => showFrames(finding, finding.evidence));
  return el("div", {}, el("h3", {}, "Evidence"),
    el("table", { className: "evidence" }, el("thead", {}, el("tr", {}, ...head.map((words) => el("th", {}, words)))), body),
    el("p", { className: "after" }, all));
}

function ladderFigure(finding) {
  if (!finding.ladder || !finding.ladder.rows.length) return null;
  const draw = drawLadder(finding.ladder, finding.evidence, (row) => {
    if (row.evidence !== undefined) showFrames(finding, [finding.evidence[row.evidence]]);
  });
  return el("div", {}, el("h3", {}, "Call flow"), el("div", { className: "ladder" }, draw));
}

function lostFiles(finding) {
  if (!finding.files.length) return null;
  const names = finding.files.map((file) => `${file.kind} ${file.kind === "lock" ? "on" : "of"} ${file.name ? '"' + file.name + '"' : "file handle " + (file.filehandle || "not seen")} (${file.status_name}, frame ${file.frame})`);
  return el("p", { className: "aside" }, "Lost: " + [...new Set(names)].join("; "));
}

function remedy(finding) {
  const list = [];
  for (const line of data.texts[finding.fix].split("\n")) {
    if (line.startsWith("- ")) list.push(el("li", {}, line.slice(2)));
    else if (line.trim()) list.push(el("p", {}, line));
  }
  const items = list.every((each) => each.tagName === "LI") ? [el("ul", {}, ...list)] : list;
  return el("div", { className: "fix" }, el("h3", {}, "What to do"), ...items);
}

function startFindings() {
  if (!data.findings.length) return;
  byId("findings").hidden = false;
  byId("finding-list").after(findingList.more);
  for (const chip of document.querySelectorAll("#severities .chip")) {
    chip.addEventListener("click", () => {
      const { severity } = chip.dataset;
      if (!chosen.severities.delete(severity)) chosen.severities.add(severity);
      chip.setAttribute("aria-pressed", String(chosen.severities.has(severity)));
      showFindings();
    });
  }
  const filter = byId("finding-filter");
  filter.hidden = data.findings.length < 2;
  filter.addEventListener("input", later(120, () => {
    chosen.words = filter.value.trim();
    showFindings();
  }));
  byId("open-all").addEventListener("click", () => openFindings(true));
  byId("close-all").addEventListener("click", () => openFindings(false));
  showFindings();
  if (data.findings.length) findingNode(0).open = true;
}

function openFindings(open) {
  for (const number of findingList.shown.slice(0, findingList.drawn())) findingNode(number).open = open;
}

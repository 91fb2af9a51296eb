// The call flow behind a finding: a column an actor, a row a frame, pauses between.
const LADDER = { left: 168, step: 216, row: 34, pause: 26, letter: 6.3 };
const WRONG = new Set(["error", "lost", "reset"]);

function drawLadder(ladder, evidence, choose) {
  const column = (index) => LADDER.left + 90 + index * LADDER.step;
  const lines = Math.max(1, ...ladder.actors.map((actor) => 1 + actor.lines.length));
  const top = 12 + lines * 15 + 6;
  const width = column(ladder.actors.length - 1) + 100;
  const parts = [];
  let y = top + 4;
  for (const row of ladder.rows) {
    if (typeof row === "number") {
      parts.push(svg("line", { class: "pause-line", x1: column(0), x2: column(ladder.actors.length - 1), y1: y + 13, y2: y + 13 }));
      const words = duration(row) + " later";
      const middle = (column(0) + column(ladder.actors.length - 1)) / 2;
      parts.push(svg("rect", { class: "pause-box", x: middle - words.length * 3.6, y: y + 4, width: words.length * 7.2, height: 18 }));
      parts.push(svg("text", { class: "pause", x: middle, y: y + 17 }, words));
      y += LADDER.pause;
    } else {
      parts.push(ladderRow(unpackStep(row, evidence), column, y, width, choose));
      y += LADDER.row;
    }
  }
  const poles = ladder.actors.flatMap((actor, index) => {
    const x = column(index);
    const heading = svg("g", {}, svg("text", { class: "actor", x, y: 16 }, fitting(actor.title, LADDER.step - 12)));
    actor.lines.forEach((line, at) => heading.append(svg("text", { class: "actor-sub", x, y: 31 + at * 15 }, fitting(line, LADDER.step - 8))));
    return [svg("line", { class: "pole", x1: x, x2: x, y1: top - 4, y2: y + 6 }), heading];
  });
  return svg("svg", { width, height: y + 8, viewBox: `0 0 ${width} ${y + 8}`, role: "img", "aria-label": "Call flow of the frames of this finding" }, ...poles, ...parts);
}

function fitting(words, room) {
  const letters = Math.floor(room / LADDER.letter);
  return words.length <= letters ? words : words.slice(0, letters - 1) + "\u2026";
}

function ladderRow(row, column, y, width, choose) {
  const from = column(row.source);
  const to = column(row.target);
  const line = y + 22;
  const group = svg("g", { class: "step by-" + row.manner + (WRONG.has(row.manner) ? " bad" : ""), "data-frame": row.frame },
    svg("title", {}, row.note || row.label),
    svg("rect", { class: "hit", x: 0, y: y + 2, width, height: LADDER.row - 2, rx: 4 }),
    svg("text", { class: "time", x: 92, y: line + 3 }, elapsed(row.t)),
    svg("text", { class: "number", x: 150, y: line + 3 }, "#" + row.frame));
  const refused = row.manner === "error" && /NFS4ERR_\w+/.exec(row.note || "");
  const label = (row.label || row.note) + (refused && row.label ? ": " + refused[0] : "");
  if (from === to) {
    group.append(svg("circle", { class: "tip-head", cx: from, cy: line, r: 4.5 }), words(label, from, line - 8, LADDER.step - 16));
  } else {
    const way = to > from ? 1 : -1;
    const stop = row.manner === "lost" ? to - way * 26 : to - way * 7;
    group.append(svg("path", { class: "arrow", d: `M${from} ${line}H${stop}` }));
    group.append(row.manner === "lost"
      ? svg("path", { class: "arrow", d: `M${stop - 4} ${line - 4}l8 8m0 -8l-8 8` })
      : svg("path", { class: "tip-head", d: `M${to - way} ${line}l${-way * 8} -4v8z` }));
    group.append(words(label, (from + to) / 2, line - 6, Math.abs(to - from) - 24));
  }
  group.addEventListener("click", () => choose(row));
  return group;
}

function words(label, x, y, room) {
  return svg("text", { class: "words", x, y }, fitting(label, room));
}

// Paper shows what a click would: findings open, tables longer, the timeline whole.
const PAPER = { findings: 200, rows: 400, width: 545 };

function startPrint() {
  let before = null;
  addEventListener("beforeprint", () => {
    findingList.reach(Math.min(PAPER.findings, data.findings.length) - 1);
    const opened = findingList.shown ? findingList.shown.slice(0, PAPER.findings).map(findingNode).filter((node) => !node.open) : [];
    for (const node of opened) {
      node.open = true;
      fillFinding(node, Number(node.id.slice("finding-".length)));
    }
    for (const list of sheets) if (list.drawn() < PAPER.rows) list.grow(PAPER.rows - list.drawn());
    before = { opened };
    hideTip();
    drawForPaper(true);
  });
  addEventListener("afterprint", () => {
    for (const node of before ? before.opened : []) node.open = false;
    before = null;
    drawForPaper(false);
  });
  byId("print").addEventListener("click", () => print());
}

// Pointer and keys in the timeline: what is pointed at, panning and zooming.
let active = false;

function hitAt(made, x, y) {
  let best = null;
  for (const hit of made.hits) {
    let far;
    if (hit.area) {
      const [left, right, top, bottom] = hit.area;
      if (x < left || x > right || y < top || y > bottom) continue;
      far = 6;
    } else {
      far = Math.abs(hit.x - x);
      if (far > hit.reach) continue;
      if (hit.rank === 4 ? Math.abs(hit.y - y) > 11 : hit.rank === 2 && Math.abs(hit.y - y) > 10) continue;
    }
    if (!best || hit.rank > best.hit.rank || (hit.rank === best.hit.rank && far < best.far)) best = { hit, far };
  }
  return best && best.hit;
}

function watchLane(made) {
  const { plot } = made;
  let step = -1;
  const steps = () => made.hits.filter((hit) => hit.step && hit.x >= 0 && hit.x <= view.w);
  plot.addEventListener("pointermove", (event) => {
    if (pan.from !== null) return;
    const box = plot.getBoundingClientRect();
    const hit = hitAt(made, event.clientX - box.left, event.clientY - box.top);
    plot.style.cursor = hit && hit.findings && hit.findings.length ? "pointer" : "";
    if (hit) showTip(hit, event.clientX, event.clientY);
    else hideTip();
  });
  plot.addEventListener("pointerleave", hideTip);
  plot.addEventListener("click", (event) => {
    if (pan.moved) return;
    const box = plot.getBoundingClientRect();
    const hit = hitAt(made, event.clientX - box.left, event.clientY - box.top);
    if (hit) followHit(hit);
  });
  plot.addEventListener("blur", () => {
    step = -1;
    hideTip();
    requestDraw();
  });
  plot.addEventListener("keydown", (event) => {
    const list = steps();
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const way = event.key === "ArrowRight" ? 1 : -1;
      step = step < 0 ? (way > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, step + way));
    } else if (event.key === "Enter" && list[step]) followHit(list[step]);
    else if (event.key === "+" || event.key === "=") zoomAndDraw(0.5, list[step] && list[step].t);
    else if (event.key === "-") zoomAndDraw(2, list[step] && list[step].t);
    else if (event.key === "0") byId("zoom-reset").click();
    else if (event.key === "Escape") plot.blur();
    else return;
    event.preventDefault();
    if (event.key.startsWith("Arrow") && list[step]) pointTo(made, list[step]);
  });
}

function pointTo(made, hit) {
  for (const old of made.plot.querySelectorAll(".cursor")) old.remove();
  made.plot.append(svg("rect", { class: "cursor", x: hit.x - 8, y: hit.y - 9, width: 16, height: 18, rx: 4 }));
  const box = made.plot.getBoundingClientRect();
  showTip(hit, box.left + hit.x, box.top + hit.y);
  byId("tl-live").textContent = tipText(hit);
}

// A mark leads to its finding; several in one place, and no finding, to a closer look.
function followHit(hit) {
  if (hit.marks && hit.marks.length > 1 && hit.marks[hit.marks.length - 1].t - hit.marks[0].t > (view.b - view.a) / 500) {
    const first = hit.marks[0].t;
    const last = hit.marks[hit.marks.length - 1].t;
    setView(first - (last - first), last + (last - first));
    hideTip();
    requestDraw();
  } else if (hit.findings && hit.findings.length) {
    hideTip();
    showFinding(hit.findings[0], hit.capture, hit.frame);
  }
}

const pan = { from: null, a: 0, b: 0, moved: false };

function watchPan() {
  const { node } = chart;
  const plotted = (target) => target.closest && target.closest("svg") && node.contains(target);
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !plotted(event.target)) return;
    active = true;
    Object.assign(pan, { from: event.clientX, a: view.a, b: view.b, moved: false });
  });
  addEventListener("pointermove", (event) => {
    if (pan.from === null) return;
    const far = event.clientX - pan.from;
    if (!pan.moved && Math.abs(far) < 4) return;
    pan.moved = true;
    node.classList.add("dragging");
    hideTip();
    const shift = (far / view.w) * (pan.b - pan.a);
    setView(pan.a - shift, pan.b - shift);
    requestDraw();
  });
  addEventListener("pointerup", () => {
    pan.from = null;
    node.classList.remove("dragging");
  });
  node.addEventListener("pointerleave", () => (active = false));
  node.addEventListener("dblclick", (event) => {
    if (plotted(event.target)) zoomAndDraw(0.4, secondsOf(event.clientX - chart.axis.getBoundingClientRect().left));
  });
  node.addEventListener("wheel", (event) => {
    if (!plotted(event.target)) return;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (sideways) {
      const shift = ((event.deltaX || event.deltaY) / view.w) * (view.b - view.a);
      setView(view.a + shift, view.b + shift);
    } else if (event.ctrlKey || event.metaKey || active) {
      zoomView(Math.exp(event.deltaY * (event.ctrlKey && Math.abs(event.deltaY) < 30 ? 0.01 : 0.002)), secondsOf(event.clientX - chart.axis.getBoundingClientRect().left));
    } else return;
    event.preventDefault();
    hideTip();
    requestDraw();
  }, { passive: false });
}

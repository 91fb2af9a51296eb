// Who is who: clients by id, findings by what they cite.
const SEVERITIES = ["critical", "high", "medium", "low", "note"];
const several = data.captures.length > 1;
const clients = new Map(data.timeline.map((entry) => [entry.client, entry]));

function who(id) {
  const entry = clients.get(id);
  if (!entry) return id || "";
  return entry.name + (entry.hosts.length ? " (" + entry.hosts.join(", ") + ")" : "");
}

function frameText(frame, capture) {
  return "frame " + frame + (several && capture !== null && capture !== undefined ? " of " + data.captures[capture] : "");
}

const frameKey = (capture, frame) => capture + ":" + frame;

// capture and frame -> numbers of the findings that cite it
const citing = new Map();
data.findings.forEach((finding, number) => {
  for (const each of finding.evidence) {
    const key = frameKey(each.capture, each.frame);
    if (!citing.has(key)) citing.set(key, []);
    const list = citing.get(key);
    if (list[list.length - 1] !== number) list.push(number);
  }
});

const findingsAt = (capture, frame) => citing.get(frameKey(capture, frame)) || [];

// client -> numbers of its findings
const findingsOf = new Map();
data.findings.forEach((finding, number) => {
  const named = new Set([finding.client, ...finding.other_clients, ...finding.evidence.map((each) => each.client)]);
  for (const client of named) {
    if (client === null) continue;
    if (!findingsOf.has(client)) findingsOf.set(client, []);
    findingsOf.get(client).push(number);
  }
});

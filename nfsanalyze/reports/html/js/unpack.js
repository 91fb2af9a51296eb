// Lists that are short in the file, as objects with names.
function unpackEvidence([capture, frame, t, note, client, address]) {
  return { capture, frame, t, note, client, address };
}

function unpackMark([kind, what, t, last, count, capture, frame]) {
  return { kind: data.kinds[kind], what: data.texts[what], t, last, count, capture, frame, findings: findingsAt(capture, frame) };
}

function unpackStep(row, evidence) {
  const [source, target, manner, label, of, t, frame, note] = row;
  const told = of === null ? { t, frame, note } : evidence[of];
  return { ...told, source, target, manner: data.manners[manner], label, evidence: of === null ? undefined : of };
}

for (const finding of data.findings) {
  finding.evidence = finding.evidence.map(unpackEvidence);
  finding.title = data.texts[finding.title];
  finding.name = data.texts[finding.name];
}

// Times are seconds after the first packet; shown in UTC, what is less than a microsecond left out as in the text report.
const data = JSON.parse(byId("data").textContent);

function at(seconds) {
  const us = data.start_us + Math.floor(seconds * 1e6 + data.start_ns / 1e3 + 0.0005);
  const whole = Math.floor(us / 1e6);
  const date = new Date(whole * 1000).toISOString();
  return { day: date.slice(0, 10), second: date.slice(11, 19), fraction: String(us - whole * 1e6).padStart(6, "0") };
}

const severalDays = at(0).day !== at(data.span).day;

function clockTime(seconds, digits = 6) {
  const parts = at(seconds);
  const day = severalDays ? parts.day.slice(5) + " " : "";
  return day + parts.second + (digits ? "." + parts.fraction.slice(0, digits) : "");
}

function elapsed(seconds) {
  return (seconds < 0 ? "" : "+") + seconds.toFixed(3) + " s";
}

function duration(seconds) {
  if (seconds < 1e-3) return (seconds * 1e6).toFixed(seconds < 1e-5 ? 1 : 0) + " µs";
  if (seconds < 1) return (seconds * 1e3).toFixed(seconds < 0.1 ? 1 : 0) + " ms";
  if (seconds < 120) return seconds.toFixed(seconds < 10 ? 2 : 1) + " s";
  if (seconds < 7200) return (seconds / 60).toFixed(1) + " min";
  return (seconds / 3600).toFixed(1) + " h";
}

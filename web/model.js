// SPDX-License-Identifier: GPL-3.0-or-later
// Figures into words and into geometry: pure functions. No document, no clock, no network; tests/web/model_test.mjs runs them by node.

const kGap = "\u00a0";  // a number and its unit stay on one line
const kUnits = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

export const count = (number) => Math.round(number).toLocaleString("en-US");

// amount is a number of bytes in decimal units, with three digits.
export function amount(bytes) {
  let unit = 0;
  while (bytes >= 999.5 && unit < kUnits.length - 1) {
    bytes /= 1000;
    ++unit;
  }
  const digits = unit === 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
  return `${bytes.toFixed(digits)}${kGap}${kUnits[unit]}`;
}

export const share = (part, whole, digits = 2) => (whole > 0 ? `${((100 * part) / whole).toFixed(digits)}${kGap}%` : "none");

const names = (sources) => sources.map((source) => `${source.id} is ${source.state}`).join(", ");

// headline says in words what the server can do now. A server that knows no type that it can give is not serving.
export function headline(report) {
  const ill = report.sources.filter((source) => source.state !== "healthy");
  const need = `${report.healthy} fit to serve, at least ${report.min_sources} needed`;
  if (report.types.length === 0 || report.healthy < report.min_sources)
    return { state: "down", word: "Not serving", text: `No entropy is given out: ${need}${ill.length ? `; ${names(ill)}` : ""}.` };
  if (ill.length > 0) return { state: "degraded", word: "Degraded", text: `Serving, but ${names(ill)}; ${need}.` };
  return { state: "ready", word: "Ready", text: `Every source is healthy: ${need}.` };
}

// silence is the headline of a server that does not answer. What changes every second is in contact, which is not read out.
export function silence(since, now, wait, why) {
  const old = Math.max(0, Math.round((now - since) / 1000));
  return { state: "gone", word: `No answer since ${clock(since)}`, text: `The server is gone. ${why}`,
           contact: `All figures are ${old} s old. The next attempt is in ${Math.ceil(wait / 1000)} s.` };
}

export const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });

// wait_ms is the pause before the next poll: a second while the server answers, then doubling up to half a minute.
export const wait_ms = (failures) => Math.min(1000 * 2 ** failures, 30000);

export function simulated(report) {
  const ids = report.sources.filter((source) => source.kind === "simulated").map((source) => source.id);
  if (ids.length === 0) return "";
  return `SIMULATED: ${ids.join(", ")} ${ids.length > 1 ? "are no real noise sources" : "is no real noise source"}. ` +
         "Do not use what this server gives for keys or for anything secret.";
}

// speeds are bits per second of every source between two reports, by id. A server that was restarted counts from zero again.
export function speeds(before, after, seconds) {
  const old = new Map((before?.sources ?? []).map((source) => [source.id, source.ledger]));
  const per_second = (now, then) => (then === undefined || now < then || seconds <= 0 ? null : (now - then) / seconds);
  return new Map(after.sources.map(({ id, ledger }) => [id, {
    assessed: per_second(ledger.assessed_bits_in, old.get(id)?.assessed_bits_in),
    served: per_second(ledger.served_bits, old.get(id)?.served_bits),
  }]));
}

export const speed = (bits_per_second) => (bits_per_second === null || bits_per_second === undefined ? "being measured" : `${amount(bits_per_second / 8)}/s`);

// ledger_rows are the account of one source, in bytes of entropy.
export function ledger_rows({ ledger }) {
  const [assessed, out, served] = [ledger.assessed_bits_in, ledger.full_entropy_bits_out, ledger.served_bits].map((bits) => bits / 8);
  return [["Assessed in", amount(assessed)], ["Full entropy out", `${amount(out)} (${share(out, assessed, 0)} of it)`],
          ["Served", amount(served)], ["Samples dropped", count(ledger.dropped_samples)]];
}

export function totals(report) {
  const sum = (name) => report.sources.reduce((all, source) => all + source.ledger[name], 0) / 8;
  return `Ledger of all sources: ${amount(sum("assessed_bits_in"))} of entropy assessed in, ${amount(sum("full_entropy_bits_out"))} ` +
         `of full entropy out, ${amount(sum("served_bits"))} served.`;
}

export const value_name = (value, bits) => (bits > 4 ? `0x${value.toString(16).padStart(2, "0")}` : `${value}`);

// top is the count at the upper edge of a histogram: twice the even one, or more if a value needs it.
export const top = (counts) => Math.max(1, 2 * (counts.reduce((a, b) => a + b, 0) / counts.length), ...counts);

// outline is the histogram as an SVG path; it is one unit wide per value, and height tall.
export function outline(counts, height) {
  const scale = height / top(counts);
  return counts.reduce((path, number, i) => `${path}V${(height - number * scale).toFixed(1)}H${i + 1}`, `M0 ${height}`) + `V${height}Z`;
}

const extreme = (counts, better) => counts.reduce((best, number, i) => (better(number, counts[best]) ? i : best), 0);

// spread is chi-square against an even histogram, with what chance alone gives.
export function spread(counts) {
  const even = counts.reduce((a, b) => a + b, 0) / counts.length;
  const chi = even > 0 ? counts.reduce((sum, number) => sum + (number - even) ** 2 / even, 0) : 0;
  return { chi, expected: counts.length - 1, deviation: Math.sqrt(2 * (counts.length - 1)) };
}

export function histogram_words({ histogram, sample_bits, window_samples }) {
  const most = extreme(histogram, (a, b) => a > b), least = extreme(histogram, (a, b) => a < b);
  const missing = histogram.filter((number) => number === 0).length;
  const { chi, expected, deviation } = spread(histogram);
  const name = (value) => value_name(value, sample_bits);
  return `${count(window_samples)} samples of ${sample_bits} bit${sample_bits > 1 ? "s" : ""}. Most frequent: ${name(most)}, ` +
         `${share(histogram[most], window_samples)}; least: ${name(least)}, ${share(histogram[least], window_samples)}; even would be ` +
         `${share(1, histogram.length)}. ${missing ? `${count(missing)} of ${histogram.length} values did not occur. ` : ""}` +
         `Chi-square against even: ${count(chi)}; chance alone gives ${count(expected)} \u00b1${kGap}${count(deviation)}.`;
}

export function serial_words({ serial }) {
  const equal = `Neighbours are equal in ${share(serial.equal, serial.pairs)} of ${count(serial.pairs)} pairs; `;
  if (serial.correlation_ppm === null) return `${equal}all samples are the same.`;
  return `${equal}their correlation is ${(serial.correlation_ppm / 1e6).toFixed(4)} (chance alone: \u00b1${kGap}${(1 / Math.sqrt(serial.pairs)).toFixed(4)}).`;
}

// bits are the positions of a sample, the most significant first.
export const bits = ({ bit_ones, window_samples }) =>
  bit_ones.map((ones, position) => ({ position, part: ones / window_samples, words: `${share(ones, window_samples)} ones` })).reverse();

export const collecting = ({ collected_samples, window_samples }) =>
  window_samples > 0 ? `The first window is being counted: ${count(collected_samples)} of ${count(window_samples)} samples.`
                     : "The source has not been opened yet.";

const kEvents = { alarm: "Alarm", intermittent: "Block dropped", lost: "Lost", back: "Back", "started-up": "In use" };

export function event_words({ event, source, text, count: times, last }) {
  const again = times > 1 ? ` (${count(times)} times, last at ${clock(last)})` : "";
  return `${kEvents[event] ?? event}: ${source}${text ? `, ${text}` : ""}${again}`;
}

// newest_first sorts by the last time that an event happened.
export const newest_first = (alarms) => [...alarms].sort((a, b) => b.last.localeCompare(a.last));

export function alarms_now(report) {
  const ill = report.sources.filter(({ state }) => state === "alarmed" || state === "gone");
  if (ill.length === 0) return "No source is alarmed or gone now.";
  return `Now: ${ill.map(({ id, state, last_failure }) => `${id} is ${state}${last_failure ? ` (${last_failure})` : ""}`).join("; ")}.`;
}

export function session_rows({ sessions }) {
  const rows = [...sessions].sort((a, b) => b.open - a.open || b.total - a.total)
    .map((row) => [row.transport, row.group || "none", row.signature || "none", count(row.open), count(row.total), count(row.resumed)]);
  const sum = (name) => count(sessions.reduce((all, row) => all + row[name], 0));
  if (rows.length > 1) rows.push(["All", "", "", sum("open"), sum("total"), sum("resumed")]);
  return rows;
}

// SPDX-License-Identifier: GPL-3.0-or-later
// The dashboard's words and geometry, without a browser: node --test tests/web/model_test.mjs
import assert from "node:assert/strict";
import test from "node:test";
import { readFileSync } from "node:fs";

// The file is a module by its use in the page; node is told so by its type, and nothing is written.
const path = new URL("../../web/model.js", import.meta.url);
const model = await import(`data:text/javascript;base64,${readFileSync(path).toString("base64")}`);

const plain = (text) => text.replaceAll("\u00a0", " ");
const ledger = (assessed, out, served) =>
  ({ assessed_bits_in: assessed, full_entropy_bits_out: out, served_bits: served, dropped_samples: 1024 });
const source = (id, changes = {}) =>
  ({ id, kind: "physical", state: "healthy", last_failure: "", ledger: ledger(8000, 4000, 2000), ...changes });
const report = (sources, changes = {}) => ({
  version: "1", types: ["direct"], min_sources: 1, healthy: sources.filter(({ state }) => state === "healthy").length, sources, ...changes,
});
const window = (histogram, changes = {}) => ({
  histogram, sample_bits: Math.log2(histogram.length), window_samples: histogram.reduce((a, b) => a + b, 0), ...changes,
});

test("amounts have three digits and a unit", () => {
  const cases = [[0, "0 B"], [1, "1 B"], [999, "999 B"], [1000, "1.00 kB"], [9994, "9.99 kB"], [9996, "10.0 kB"], [99949, "99.9 kB"],
                 [99960, "100 kB"], [999499, "999 kB"], [999600, "1.00 MB"], [1.5e9, "1.50 GB"], [2e21, "2000 EB"]];
  for (const [bytes, text] of cases) assert.equal(plain(model.amount(bytes)), text);
  assert.equal(model.count(1234567), "1,234,567");
  assert.equal(plain(model.share(1, 256)), "0.39 %");
  assert.equal(model.share(1, 0), "none");
});

test("the headline is in words", () => {
  const ready = model.headline(report([source("a"), source("b")]));
  assert.deepEqual([ready.state, ready.word], ["ready", "Ready"]);
  const degraded = model.headline(report([source("a"), source("b", { state: "alarmed" })]));
  assert.equal(degraded.state, "degraded");
  assert.match(degraded.text, /b is alarmed/);
  const few = model.headline(report([source("a"), source("b", { state: "gone" })], { min_sources: 2 }));
  assert.deepEqual([few.state, few.word], ["down", "Not serving"]);
  assert.match(few.text, /b is gone/);
  assert.match(few.text, /1 fit to serve, at least 2 needed/);
  assert.equal(model.headline(report([source("a")], { types: [] })).state, "down");
});

test("silence says since when, how old all is, and when comes the next attempt", () => {
  const silence = model.silence(100000, 112400, 3200, "It cannot be reached.");
  assert.equal(silence.word, `No answer since ${model.clock(100000)}`);
  assert.match(silence.text, /cannot be reached/);
  assert.equal(silence.contact, "All figures are 12 s old. The next attempt is in 4 s.");
});

test("the wait doubles up to half a minute", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 60].map(model.wait_ms), [1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
});

test("simulated sources are named loudly", () => {
  assert.equal(model.simulated(report([source("a")])), "");
  assert.match(model.simulated(report([source("sim", { kind: "simulated" }), source("a")])), /^SIMULATED: sim is no real noise source/);
  assert.match(model.simulated(report([source("x", { kind: "simulated" }), source("y", { kind: "simulated" })])), /x, y are no real/);
});

test("speeds come from two reports, and not from a restart", () => {
  const before = report([source("a")]), after = report([source("a", { ledger: ledger(24000, 4000, 10000) }), source("new")]);
  const speeds = model.speeds(before, after, 2);
  assert.deepEqual(speeds.get("a"), { assessed: 8000, served: 4000 });
  assert.deepEqual(speeds.get("new"), { assessed: null, served: null });
  assert.deepEqual(model.speeds(after, before, 2).get("a"), { assessed: null, served: null });
  assert.deepEqual(model.speeds(null, after, 0).get("a"), { assessed: null, served: null });
  assert.equal(plain(model.speed(8000)), "1.00 kB/s");
  assert.equal(model.speed(null), "being measured");
  assert.equal(model.speed(undefined), "being measured");
});

test("the ledger is in bytes of entropy", () => {
  const rows = model.ledger_rows(source("a")).map(([, text]) => plain(text));
  assert.deepEqual(rows, ["1.00 kB", "500 B (50 % of it)", "250 B", "1,024"]);
  assert.match(plain(model.totals(report([source("a"), source("b")]))), /2.00 kB of entropy assessed in, 1.00 kB of full entropy out, 500 B served/);
});

test("the outline is one closed step line within its frame", () => {
  assert.equal(model.outline([1, 1, 2, 0], 100), "M0 100V50.0H1V50.0H2V0.0H3V100.0H4V100Z");
  assert.equal(model.outline([0, 0], 100), "M0 100V100.0H1V100.0H2V100Z");
  const heights = [...model.outline([900, 1, 0, 3], 80).matchAll(/V([\d.]+)/g)].map(([, y]) => Number(y));
  assert.ok(heights.every((y) => y >= 0 && y <= 80));
  assert.equal(model.top([256, 256]), 512);
  assert.equal(model.top([0, 65536]), 65536);
});

test("a histogram has its equivalent in words", () => {
  const even = plain(model.histogram_words(window(Array(256).fill(256))));
  assert.match(even, /^65,536 samples of 8 bits\./);
  assert.match(even, /even would be 0\.39 %\. Chi-square against even: 0; chance alone gives 255 ± 23\.$/);
  const stuck = Array(256).fill(0);
  stuck[0x55] = 65536;
  assert.match(plain(model.histogram_words(window(stuck))), /Most frequent: 0x55, 100\.00 %.* 255 of 256 values did not occur\./);
  assert.match(plain(model.histogram_words(window([40000, 25536]))), /samples of 1 bit\. Most frequent: 0, 61\.04 %; least: 1, 38\.96 %/);
  assert.equal(Math.round(model.spread([10, 20, 30]).chi), 10);
});

test("neighbours", () => {
  const serial = (correlation_ppm) => plain(model.serial_words({ serial: { pairs: 65520, equal: 256, correlation_ppm } }));
  assert.equal(serial(-1234), "Neighbours are equal in 0.39 % of 65,520 pairs; their correlation is -0.0012 (chance alone: ± 0.0039).");
  assert.match(serial(null), /all samples are the same/);
});

test("bits, the most significant first", () => {
  const rows = model.bits({ bit_ones: [32768, 65536], window_samples: 65536 });
  assert.deepEqual(rows.map(({ position, part }) => [position, part]), [[1, 1], [0, 0.5]]);
  assert.equal(plain(rows[1].words), "50.00 % ones");
});

test("before the first window", () => {
  assert.match(model.collecting({ collected_samples: 4096, window_samples: 65536 }), /4,096 of 65,536/);
  assert.match(model.collecting({ collected_samples: 0, window_samples: 0 }), /not been opened/);
});

test("events, newest first, repetitions counted", () => {
  const event = (last, what, count = 1) => ({ time: last, last, count, source: "a", event: what, text: "lag" });
  const alarms = [event("2026-01-01T00:00:01.000Z", "alarm", 3), event("2026-01-01T00:00:03.000Z", "back"), event("2026-01-01T00:00:02.000Z", "lost")];
  assert.deepEqual(model.newest_first(alarms).map((alarm) => alarm.event), ["back", "lost", "alarm"]);
  assert.equal(alarms[0].event, "alarm", "the report itself stays as it is");
  assert.match(model.event_words(alarms[0]), /^Alarm: a, lag \(3 times, last at /);
  assert.equal(model.event_words(alarms[1]), "Back: a, lag");
  assert.equal(model.event_words({ ...alarms[1], event: "future", text: "" }), "future: a");
  assert.equal(model.alarms_now(report([source("a")])), "No source is alarmed or gone now.");
  assert.equal(model.alarms_now(report([source("a", { state: "gone", last_failure: "no device" })])), "Now: a is gone (no device).");
});

test("sessions, busiest first, with a sum", () => {
  const row = (transport, group, open) => ({ transport, group, signature: group && "ML-DSA-44", open, total: 1000, resumed: 5 });
  const rows = model.session_rows({ sessions: [row("coap", "", 1), row("coaps", "MLKEM512", 7)] });
  assert.deepEqual(rows, [["coaps", "MLKEM512", "ML-DSA-44", "7", "1,000", "5"], ["coap", "none", "none", "1", "1,000", "5"],
                          ["All", "", "", "8", "2,000", "10"]]);
  assert.deepEqual(model.session_rows({ sessions: [] }), []);
  assert.equal(model.session_rows({ sessions: [row("coap", "", 1)] }).length, 1);
});

// SPDX-License-Identifier: GPL-3.0-or-later
// Puts the reports into the page. Nodes are made once and then changed, so that focus, open details and selections survive an update;
// what came from the server only ever becomes text or a number in an attribute.
import * as model from "./model.js";

const kHeight = 100;
const kRecentEvents = 12;
const byId = (id) => document.getElementById(id);

function node(name, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "rect"].includes(name);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// say and set change only what differs: a live region would otherwise be read out again.
function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
function set(target, key, value) {
  if (target.getAttribute(key) !== String(value)) target.setAttribute(key, value);
}

// reconcile keeps one child for every item, by id, in their order. make(item) gives {root, update(item)}.
function reconcile(parent, kept, items, make) {
  for (const [id, card] of kept) {
    if (items.some((item) => item.id === id)) continue;
    card.root.remove();
    kept.delete(id);
  }
  items.forEach((item, i) => {
    if (!kept.has(item.id)) kept.set(item.id, make(item));
    const card = kept.get(item.id);
    if (parent.children[i] !== card.root) parent.insertBefore(card.root, parent.children[i] ?? null);
    card.update(item);
  });
}

function fill_list(list, rows) {
  while (list.children.length > 2 * rows.length) list.lastChild.remove();
  while (list.children.length < 2 * rows.length) list.append(node("dt"), node("dd"));
  rows.forEach(([term, text], i) => {
    say(list.children[2 * i], term);
    say(list.children[2 * i + 1], text);
  });
}

function title_of(source) {
  const kind = node("span", { class: "kind" });
  return { root: node("h3", {}, `${source.id} `, kind), update: ({ kind: text }) => say(kind, text) };
}

const source_cards = new Map();
let flow = new Map();

function make_source(source) {
  const title = title_of(source), state = node("span", { class: "state" }), failure = node("p");
  const rates = node("dl"), more = node("dl");
  const details = node("details", {}, node("summary", {}, `Claim and tests of ${source.id}`), more);
  const root = node("article", { class: "card" }, title.root, node("p", {}, state), failure, rates, details);
  const update = (now) => {
    title.update(now);
    root.classList.toggle("simulated", now.kind === "simulated");
    say(state, now.state);
    set(state, "data-state", now.state);
    say(failure, now.last_failure ? `Last failure: ${now.last_failure}` : "");
    failure.hidden = !now.last_failure;
    const speed = flow.get(now.id);
    fill_list(rates, [["Serving now", model.speed(speed?.served)], ["Assessed now", model.speed(speed?.assessed)],
                      ["Can give", now.rate_bytes_per_second ? `${model.amount(now.rate_bytes_per_second)}/s` : "being measured"],
                      ...model.ledger_rows(now)]);
    fill_list(more, [["Min-entropy", `${now.min_entropy_microbits / 1e6} of ${now.sample_bits} bits a sample`], ["Claim", now.claim],
                     ["Conditioner", now.conditioner], ["Device conditions itself", now.conditioned ? "yes" : "no"],
                     ["Alarms", model.count(now.permanent_failures)], ["Blocks dropped", model.count(now.intermittent_failures)],
                     ["Times lost and back", model.count(now.restarts)]]);
  };
  return { root, update };
}

export function show_headline({ state, word, text, contact = "" }) {
  set(byId("headline"), "data-state", state);
  say(byId("word"), word);
  say(byId("reason"), text);
  say(byId("contact"), contact);
  document.title = `${word}: qeaas`;
}

export function show_sources(report, speeds, now) {
  flow = speeds;
  show_headline({ ...model.headline(report), contact: `Heard from at ${model.clock(now)}.` });
  say(byId("version"), report.version);
  const warning = model.simulated(report);
  say(byId("simulated"), warning);
  byId("simulated").hidden = warning === "";
  say(byId("totals"), model.totals(report));
  say(byId("alarms-now"), model.alarms_now(report));
  reconcile(byId("sources"), source_cards, report.sources, make_source);
}

const noise_cards = new Map();

function make_bits() {
  const body = node("tbody");
  const head = node("tr", {}, node("th", { scope: "col" }, "Bit"), node("th", { scope: "col" }, "Balance"), node("th", { scope: "col" }, ""));
  head.lastChild.setAttribute("aria-label", "Picture");
  const add = () => {
    const bar = node("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
                     node("rect", { height: 10, width: 0 }), node("line", { x1: 50, x2: 50, y1: 0, y2: 10 }));
    body.append(node("tr", {}, node("th", { scope: "row" }), node("td"), node("td", {}, bar)));
  };
  const update = (rows) => {
    while (body.children.length > rows.length) body.lastChild.remove();
    while (body.children.length < rows.length) add();
    rows.forEach(({ position, part, words }, i) => {
      const [name, text, picture] = body.children[i].children;
      say(name, `${position}`);
      say(text, words);
      set(picture.querySelector("rect"), "width", (100 * part).toFixed(2));
    });
  };
  return { root: node("table", { class: "bits" }, node("thead", {}, head), body), update };
}

function make_noise(source) {
  const title = title_of(source), words = node("p", { id: `noise-${source.id}` }), serial = node("p"), bits = make_bits();
  const shape = node("path"), even = node("line", { x1: 0 });
  const plot = node("svg", { class: "plot", role: "img", preserveAspectRatio: "none", "aria-label": `Histogram of raw values of ${source.id}`,
                             "aria-describedby": words.id }, shape, even);
  const waiting = node("p", { class: "quiet" });
  const filled = node("div", {}, plot, words, bits.root, serial);
  const root = node("article", { class: "card" }, title.root, waiting, filled);
  const draw = (now) => {
    const height = kHeight * (1 - now.window_samples / now.histogram.length / model.top(now.histogram));
    set(plot, "viewBox", `0 0 ${now.histogram.length} ${kHeight}`);
    set(shape, "d", model.outline(now.histogram, kHeight));
    for (const [key, value] of [["x2", now.histogram.length], ["y1", height], ["y2", height]]) set(even, key, value);
    say(words, model.histogram_words(now));
    say(serial, model.serial_words(now));
    bits.update(model.bits(now));
  };
  const update = (now) => {
    title.update(now);
    root.classList.toggle("simulated", now.kind === "simulated");
    filled.hidden = now.windows === 0;
    say(waiting, now.windows === 0 ? model.collecting(now) : `Window ${model.count(now.windows)}, full at ${model.clock(now.finished)}.`);
    if (now.windows > 0) draw(now);
  };
  return { root, update };
}

export function show_statistics(report) {
  reconcile(byId("noise"), noise_cards, report.sources, make_noise);
}

export function show_sessions(report) {
  const labels = [...document.querySelectorAll("#sessions thead th")].map((head) => head.textContent);
  const rows = model.session_rows(report).map((cells) => node("tr", {}, ...cells.map((text, i) => node("td", { "data-label": labels[i] }, text))));
  document.querySelector("#sessions tbody").replaceChildren(...rows);
  say(byId("sessions-note"), rows.length === 0 ? "No session so far." : "");
}

const event_item = (alarm) => node("li", {}, node("time", { datetime: alarm.time }, new Date(alarm.time).toLocaleString()),
                                   node("span", { "data-event": alarm.event }, model.event_words(alarm)));

let shown_alarms = null;

// show_alarms rebuilds the lists when something happened, and then says what, once, to those who listen instead of looking.
export function show_alarms(report) {
  const text = JSON.stringify(report);
  if (text === shown_alarms) return;
  const alarms = model.newest_first(report.alarms);
  if (shown_alarms !== null && alarms.length > 0) say(byId("announce"), model.event_words(alarms[0]));
  shown_alarms = text;
  const older = alarms.slice(kRecentEvents);
  byId("history").replaceChildren(...alarms.slice(0, kRecentEvents).map(event_item));
  byId("older").hidden = older.length === 0;
  say(byId("older").firstElementChild, `Older events (${older.length})`);
  byId("older").lastElementChild.replaceChildren(...older.map(event_item));
  say(byId("alarms-note"), alarms.length === 0 ? "Nothing has happened since the server started." : "");
}

// show_missing says that one part cannot be had, while the rest goes on.
export function show_missing(name, why) {
  const note = { statistics: "noise-note", sessions: "sessions-note", alarms: "alarms-note" }[name];
  if (note) say(byId(note), why);
}

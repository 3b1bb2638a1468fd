// SPDX-License-Identifier: GPL-3.0-or-later
// The dashboard's loop: asks the server for its reports, once a second for the sources and every other second for the rest, and hands
// them to the view. While nothing answers it asks less and less often, and says so.
import * as model from "./model.js";
import * as view from "./view.js";

const kPatienceMs = 5000;
const kShow = { statistics: view.show_statistics, sessions: view.show_sessions, alarms: view.show_alarms };

let turn = 0;
let failures = 0;
let last = null;        // {report, at}: the last answer about the sources
let heard = Date.now();  // when the server last answered, or when the page was opened
let next_at = 0;
let why = "";
let timer = 0;
let busy = false;

// ask gives a report, or throws an error whose message is for a person. Addresses are relative: a proxy may put us below a path.
async function ask(name) {
  let answer;
  try {
    answer = await fetch(`v1/${name}`, { cache: "no-store", headers: { accept: "application/json" }, signal: AbortSignal.timeout(kPatienceMs) });
  } catch (error) {
    throw new Error(error.name === "TimeoutError" ? "It does not answer in time." : "It cannot be reached.");
  }
  if (!answer.ok) throw new Error(`It answered ${answer.status} ${answer.statusText} for v1/${name}.`);
  try {
    return await answer.json();
  } catch {
    throw new Error(`Its answer for v1/${name} makes no sense.`);
  }
}

async function refresh_sources() {
  const report = await ask("sources");
  const at = performance.now();
  view.show_sources(report, model.speeds(last?.report, report, last ? (at - last.at) / 1000 : 0), Date.now());
  last = { report, at };
}

async function refresh(name) {
  try {
    const report = await ask(name);
    view.show_missing(name, "");
    kShow[name](report);
  } catch (error) {
    view.show_missing(name, `Not available. ${error.message}`);
  }
}

// round asks once and plans the next time. A page that nobody sees asks nothing, and two rounds never overlap.
async function round() {
  if (busy || document.hidden) return;
  busy = true;
  try {
    await refresh_sources();
    if (turn++ % 2 === 0) await Promise.all(Object.keys(kShow).map(refresh));
    failures = 0;
    heard = Date.now();
  } catch (error) {
    ++failures;
    why = error.message;
  }
  busy = false;
  plan(model.wait_ms(failures));
}

function plan(wait) {
  clearTimeout(timer);
  next_at = Date.now() + wait;
  timer = setTimeout(round, wait);
  show_silence();
}

function show_silence() {
  if (failures > 0) view.show_headline(model.silence(heard, Date.now(), Math.max(0, next_at - Date.now()), why));
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) plan(0);
});
setInterval(show_silence, 1000);
round();

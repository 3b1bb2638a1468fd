// SPDX-License-Identifier: GPL-3.0-or-later
// A client of /v1/stream on npm's ws, as an application would write it. One JSON object of orders as argument, one of findings on
// standard output. Orders: url, ca (file), headers, origin, total (bytes to take, then close), window (bytes of credit outstanding),
// messages (texts to send at once), binary (hex to send), ping (true: after the last byte wait for a pong, so that a byte too many shows),
// stay (true: leave the closing to the server), ready (true: say "open" on standard error once the first bytes are here).
"use strict";
const fs = require("fs");
const crypto = require("crypto");
const path = require("path");
const { WebSocket } = require(path.join(process.env.QEAAS_WS, "node_modules", "ws"));

const orders = JSON.parse(process.argv[2]);
const found = { opened: false, got: 0, sizes: {}, notes: [], code: null, reason: "", status: null, error: null };
const digest = crypto.createHash("sha256");
const socket = new WebSocket(orders.url, {
  ca: orders.ca ? fs.readFileSync(orders.ca) : undefined,
  headers: orders.headers,
  origin: orders.origin,
});
let granted = 0;

function grant() {
  const left = orders.total - granted;
  const outstanding = granted - found.got;
  if (left <= 0 || outstanding * 2 > orders.window) return;
  const credit = Math.min(left, orders.window - outstanding);
  granted += credit;
  socket.send(JSON.stringify({ credit }));
}

function finish() {
  if (orders.stay) return;
  if (!orders.ping) return socket.close(1000, "done");
  socket.once("pong", () => socket.close(1000, "done"));
  socket.ping("still there?");
}

socket.on("open", () => {
  found.opened = true;
  found.extensions = socket.extensions;
  for (const text of orders.messages || []) socket.send(text);
  if (orders.binary) socket.send(Buffer.from(orders.binary, "hex"));
  if (orders.total !== undefined) grant();
  if (orders.total === 0) finish();
});
socket.on("message", (data, isBinary) => {
  if (!isBinary) return found.notes.push(JSON.parse(data.toString()));
  if (found.got === 0 && orders.ready) process.stderr.write("open\n");
  found.got += data.length;
  found.sizes[data.length] = (found.sizes[data.length] || 0) + 1;
  digest.update(data);
  if (orders.total === undefined) return;
  if (found.got >= orders.total) finish();
  else grant();
});
socket.on("unexpected-response", (request, response) => {
  found.status = response.statusCode;
  process.stdout.write(JSON.stringify(found) + "\n");
  request.destroy();
});
socket.on("error", (error) => { found.error = String(error.message); });
socket.on("close", (code, reason) => {
  found.code = code;
  found.reason = reason.toString();
  found.digest = digest.digest("hex");
  process.stdout.write(JSON.stringify(found) + "\n");
});

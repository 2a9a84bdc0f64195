// The real socket.io-client as a child process: options on the first line of stdin, then one command a line
// ({"emit": [event, ...data], "ack": number} or {"close": true}); what it hears goes to stdout, one JSON a line.
"use strict";
const readline = require("node:readline");
const path = require("node:path");
const root = path.resolve(__dirname, "..", "..");
const { io } = require(path.join(root, "node_modules", "socket.io-client"));

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const lines = readline.createInterface({ input: process.stdin });
let socket;

lines.on("line", (text) => {
  const line = JSON.parse(text);
  if (socket === undefined) {
    socket = io(line.url, line.options);
    socket.on("connect", () => say({ name: "connect", data: socket.id }));
    socket.on("connect_error", (error) => say({ name: "connect_error", data: error.message, more: error.data }));
    socket.on("disconnect", (reason) => say({ name: "disconnect", data: reason }));
    socket.io.engine?.on("upgrade", (transport) => say({ name: "upgrade", data: transport.name }));
    socket.onAny((name, data) => say({ name, data }));
  } else if (line.emit !== undefined) {
    socket.emit(...line.emit, (answer) => say({ name: "ack", data: answer, more: line.ack }));
  } else if (line.close) {
    socket.close();
  }
});
lines.on("close", () => {
  if (socket !== undefined) socket.close();
  process.exit(0);
});

/**
 * The rivals' servers, each on its own port.
 *
 *     node server.mjs KEY CERTIFICATE
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { PeerServer } from "peer";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";

const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path));
const tls = { key, cert, minVersion: "TLSv1.3" };
const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));

/** A plain relay. The first message names a room. Once two sockets are in it, each gets what the other sends. */
async function relay() {
  const server = await listen(createServer(tls));
  const rooms = new Map();
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.once("message", (name) => {
      const first = rooms.get(String(name));
      if (!first) return rooms.set(String(name), socket);
      for (const [one, other] of [[first, socket], [socket, first]]) {
        one.on("message", (message) => other.send(String(message)));
        one.send("{}");
      }
    });
  });
  return server;
}

/** A room that stores the first peer's messages until the second peer joins, so that the first one need not wait. */
class Mailbox {
  static #all = new Map();
  #members = [];
  #kept = [];

  static of(name) {
    if (!this.#all.has(name)) this.#all.set(name, new Mailbox());
    return this.#all.get(name);
  }

  join(send) {
    this.#members.push(send);
    this.#kept.splice(0).forEach((message) => send(message));
  }

  say(message, sender) {
    const other = this.#members.find((each) => each !== sender);
    if (other) other(message);
    else this.#kept.push(message);
  }
}

/** The fastest possible relay. The room is in the URL, so joining takes no message. */
async function mailbox() {
  const server = await listen(createServer(tls));
  new WebSocketServer({ server }).on("connection", (socket, { url }) => {
    const room = Mailbox.of(url);
    const send = (message) => socket.send(message);
    socket.on("message", (message) => room.say(String(message), send));
    room.join(send);
  });
  return server;
}

/** The same with socket.io, whose first message contains the room. */
async function socketio() {
  const server = await listen(createServer(tls));
  new Server(server).on("connection", (socket) => {
    const room = Mailbox.of(socket.handshake.auth.room);
    const send = (message) => socket.emit("signal", message);
    socket.on("signal", (message) => room.say(message, send));
    room.join(send);
  });
  return server;
}

function peerjs() {
  return new Promise((resolve) => PeerServer({ host: "127.0.0.1", port: 0, ssl: tls }, resolve));
}

const servers = await Promise.all([relay(), mailbox(), socketio(), peerjs()]);
const names = ["relay", "mailbox", "socketio", "peerjs"];
console.log(JSON.stringify(Object.fromEntries(names.map((name, index) => [name, servers[index].address().port]))));

/** Shows a session: its link, its conversation, and the screens in between. */

import { createLink } from "peerpost";
import { Call } from "./call.js";
import { Conversation } from "./conversation.js";
import { find } from "./dom.js";
import { takeFiles } from "./drop-zone.js";
import { dayAndClock, showCommand, showInvitation } from "./invitation.js";
import { SLOW_MS } from "./limits.js";
import { showPerson, showProgram } from "./program.js";
import { followRoute } from "./route.js";
import { announce, keepConversation, setStatus, show, showConversation, showFailure, showJoining, showNotice } from "./screen.js";

/** @typedef {import("./peer.js").Peer} Peer */

/**
 * Who joins: the first person, the one who was connected before, or somebody else.
 *
 * @typedef {"first" | "again" | "another"} Who
 */

const BACK_AFTER_RELOAD = "Connected again. This page was closed or reloaded, so earlier messages are not shown here.";

export class Stage {
  #conversation = new Conversation(announce);
  #hasJoined = false;
  #server = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #slow;

  /** @param {URL} server The one that the session uses. */
  useServer(server) {
    this.#server = server.href;
  }

  /** The session begins. */
  openLink() {
    setStatus("Joining", "busy");
    this.#wait("Connecting", "Getting the other person's connection details from the server.");
  }

  makeLink() {
    setStatus("Making a link", "busy");
    this.#wait("One moment", "Asking the server for a link.");
  }

  /**
   * A host comes back to its link.
   *
   * @param {boolean} wasConnected
   */
  comeBack(wasConnected) {
    if (wasConnected) {
      setStatus("Connecting again", "busy");
      this.#wait("Connecting again", "Waiting for the other person's page.");
    } else {
      this.#wait("Welcome back", "Returning to your link.");
    }
  }

  /** A host comes back to its link, but the server has not replied yet. */
  keepTrying() {
    setStatus("Still trying", "busy");
    this.#wait("Still trying", "The server has not replied yet. This page keeps trying.");
  }

  /** The host of the link is away. */
  waitForHost() {
    setStatus("Waiting for the other person", "busy");
    this.#wait(
      "Waiting for the other person",
      "Their page is closed, asleep or offline at the moment. Keep this page open. As soon as they return, you will be connected.",
    );
  }

  /**
   * Show a link that works once.
   *
   * @param {import("./memory.js").Invitation} invitation
   * @param {string} notice
   */
  inviteOnce(invitation, notice) {
    this.#invite(createLink(location.href, invitation), invitation.expiry, true, notice);
  }

  /**
   * Show a link that works until it expires.
   *
   * @param {import("./memory.js").Address} address
   * @param {string} notice
   */
  invite(address, notice) {
    this.#invite(createLink(location.href, address), address.expiry, false, notice);
  }

  /** The two browsers have each other's descriptions, and look for a route. */
  reach() {
    setStatus("Connecting", "busy");
    this.#wait("Connecting", "The two browsers are looking for the shortest route to each other.");
    this.#slow = setTimeout(() => {
      setStatus("Still connecting", "busy");
      this.#wait(
        "Still connecting",
        "This is taking longer than usual. Ask the other person whether their page is open and their phone is awake.",
      );
    }, SLOW_MS);
  }

  /**
   * The other person is there.
   *
   * @param {Peer} peer
   * @param {Who} who
   */
  join(peer, who) {
    const { connection, messages, files, signal } = peer;
    const addTransfer = this.#conversation.addTransfer.bind(this.#conversation);
    const noFiles = new AbortController();
    clearTimeout(this.#slow);
    this.#conversation.use(messages, signal);
    takeFiles((chosen) => files.send(chosen).forEach(addTransfer), AbortSignal.any([signal, noFiles.signal]));
    new Call(connection, announce, signal, () => this.#conversation.note("The video call has ended."));
    followRoute(connection, signal);
    this.#followState(peer);
    if (who === "again") this.#conversation.note(this.#hasJoined ? "Connected again." : BACK_AFTER_RELOAD);
    if (who === "another") this.#conversation.note("Somebody else has opened your link. You are now connected to them.");
    const isNew = find("conversation", HTMLElement).hidden;
    showConversation("You are connected", "");
    showPerson();
    if (isNew) this.#conversation.focus();
    this.#hasJoined = true;
    setStatus("Connected", "good");
    peer.meetProgram((program) => {
      if (!program.receives) noFiles.abort();
      this.#conversation.meetProgram();
      showProgram(program);
    });
    peer.release(addTransfer);
  }

  /**
   * The connection is lost. The page waits for the other person.
   *
   * @param {number} expiry When the link expires, in Unix milliseconds. Infinity if this is unknown.
   */
  lose(expiry) {
    const until = Number.isFinite(expiry) ? ` The link works until ${dayAndClock(expiry)}.` : "";
    setStatus("Connecting again", "busy");
    showConversation(
      "Connecting again",
      `The other person's page was closed or reloaded, or one of you is offline. Keep this page open. As soon as you are both back, you will be connected again.${until}`,
    );
    this.#conversation.note("The connection is lost.");
  }

  /**
   * The session is over.
   *
   * @param {import("./failure.js").Failure} failure
   * @param {import("./failure.js").Phase} phase
   */
  end(failure, phase) {
    clearTimeout(this.#slow);
    showFailure(failure, phase);
    keepConversation();
  }

  /**
   * @param {string} link
   * @param {number} expiry
   * @param {boolean} isOnce
   * @param {string} notice
   */
  #invite(link, expiry, isOnce, notice) {
    clearTimeout(this.#slow);
    setStatus("Waiting for your guest", "busy");
    showInvitation(link, expiry, isOnce, announce);
    showCommand(link, this.#server);
    show("invitation");
    showNotice(notice);
    keepConversation();
    // The element that had the focus is hidden now.
    if (this.#hasJoined) find("invitation-title", HTMLElement).focus();
  }

  /**
   * @param {string} title
   * @param {string} text
   */
  #wait(title, text) {
    clearTimeout(this.#slow);
    showJoining(title, text);
  }

  /** @param {Peer} peer */
  #followState({ connection, signal }) {
    const follow = () => {
      const isInterrupted = connection.connectionState !== "connected";
      this.#conversation.interrupt(isInterrupted);
      if (isInterrupted) setStatus("Interrupted, reconnecting", "busy");
      else setStatus("Connected", "good");
    };
    connection.addEventListener("connectionstatechange", follow, { signal });
  }
}

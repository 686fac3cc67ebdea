/** The video call. Each user turns their own camera on and off, and the client negotiates the change by itself. */

import { find } from "./dom.js";

export class Call {
  #peerConnection;
  #announce;
  #signal;
  #onCut;
  #camera = find("camera", HTMLButtonElement);
  #microphone = find("microphone", HTMLButtonElement);
  #sound = find("sound", HTMLButtonElement);
  #stage = find("stage", HTMLElement);
  #note = find("stage-note", HTMLElement);
  #problem = find("call-problem", HTMLElement);
  #remote = find("remote-video", HTMLVideoElement);
  #own = find("own-video", HTMLVideoElement);
  /** @type {MediaStream | undefined} */
  #stream;
  /** @type {RTCRtpSender[]} */
  #senders = [];

  /**
   * @param {RTCPeerConnection} peerConnection
   * @param {(text: string) => void} announce
   * @param {AbortSignal} signal Ends the call when it is aborted.
   * @param {() => void} onCut Called if the signal is aborted while a camera is on.
   */
  constructor(peerConnection, announce, signal, onCut) {
    this.#peerConnection = peerConnection;
    this.#announce = announce;
    this.#signal = signal;
    this.#onCut = onCut;
    const ending = { signal };
    peerConnection.addEventListener("track", (event) => this.#receive(event), ending);
    this.#camera.addEventListener("click", () => (this.#stream ? this.#stop() : this.#start()), ending);
    this.#microphone.addEventListener("click", () => this.#mute(), ending);
    this.#sound.addEventListener("click", () => this.#unmuteRemote(), ending);
    signal.addEventListener("abort", () => this.#end());
    this.#camera.hidden = false;
    this.#show();
  }

  async #start() {
    this.#camera.disabled = true;
    this.#problem.textContent = "";
    try {
      this.#send(await openCamera());
    } catch (error) {
      this.#problem.textContent = cameraProblem(error);
    } finally {
      this.#camera.disabled = false;
      if (!this.#signal.aborted) this.#camera.focus();
    }
  }

  /** @param {MediaStream} stream */
  #send(stream) {
    const tracks = stream.getTracks();
    // The connection may have ended while the browser asked for the permission.
    if (this.#signal.aborted) {
      tracks.forEach((track) => track.stop());
      return;
    }
    this.#stream = stream;
    this.#senders = tracks.map((track) => this.#peerConnection.addTrack(track, stream));
    // A track ends if the camera is unplugged, or if the user withdraws the permission in the browser's settings.
    tracks.forEach((track) => track.addEventListener("ended", () => this.#stream === stream && this.#stop()));
    this.#announce("Your camera is on.");
    this.#show();
  }

  #stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#senders.splice(0).forEach((sender) => this.#peerConnection.removeTrack(sender));
    this.#stream = undefined;
    this.#announce("Your camera is off.");
    this.#show();
  }

  #end() {
    if (this.#stream || this.#remote.srcObject) this.#onCut();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = undefined;
    this.#remote.srcObject = null;
    this.#problem.textContent = "";
    this.#show();
    this.#camera.hidden = true;
  }

  #mute() {
    const [track] = this.#stream?.getAudioTracks() ?? [];
    if (!track) return;
    track.enabled = !track.enabled;
    this.#microphone.ariaPressed = String(!track.enabled);
  }

  /** @param {RTCTrackEvent} event */
  #receive({ streams: [stream] }) {
    if (!stream || this.#remote.srcObject === stream) return;
    this.#remote.srcObject = stream;
    stream.addEventListener("removetrack", () => {
      if (stream.getTracks().length || this.#remote.srcObject !== stream) return;
      this.#remote.srcObject = null;
      this.#announce("The other person turned off their camera.");
      this.#show();
    });
    this.#announce("The other person turned on their camera.");
    this.#show();
    this.#play();
  }

  /** Play the other person's video. A browser may refuse to play sound until the user has interacted with the page. */
  async #play() {
    this.#remote.muted = false;
    try {
      await this.#remote.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.#remote.muted = true;
      this.#sound.hidden = false;
      await this.#remote.play().catch(() => {});
    }
  }

  #unmuteRemote() {
    this.#remote.muted = false;
    this.#sound.hidden = true;
    this.#camera.focus();
  }

  #show() {
    const isOn = Boolean(this.#stream);
    const isThere = Boolean(this.#remote.srcObject);
    this.#own.srcObject = this.#stream ?? null;
    this.#own.hidden = !isOn;
    this.#remote.hidden = !isThere;
    this.#stage.hidden = !isOn && !isThere;
    this.#note.hidden = isThere;
    this.#sound.hidden ||= !isThere;
    this.#camera.textContent = isOn ? "Stop my video" : isThere ? "Join with video" : "Start a video call";
    this.#microphone.hidden = !isOn || !this.#stream?.getAudioTracks().length;
    if (!isOn) this.#microphone.ariaPressed = "false";
  }
}

/** Open the camera, together with the microphone if the device has one. */
async function openCamera() {
  const video = { width: { ideal: 1280 }, height: { ideal: 720 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: true });
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "NotFoundError") throw error;
    return navigator.mediaDevices.getUserMedia({ video });
  }
}

/** @param {unknown} error */
function cameraProblem(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "The browser is not allowed to use the camera. Allow it in the address bar, then try again.";
  if (name === "NotFoundError") return "This device has no camera. Connect one, then try again.";
  if (name === "NotReadableError") return "Another program is using the camera. Close it, then try again.";
  return "The camera could not be turned on. Close other programs that may use it, then try again.";
}

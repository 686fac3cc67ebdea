/** One peer in a page. It uses Peerpost, or a rival as an expert would. */

const variant = location.search.slice(1);
const config = { iceServers: [] };

const realTime = performance.now.bind(performance);

/** Returns milliseconds on the clock that all pages on a machine share. */
const now = () => performance.timeOrigin + realTime();

/** Resolves once the data channel is open. The offerer creates it, and the answerer is notified of it. */
function opened(peerConnection, isOfferer) {
  return new Promise((resolve) => {
    const follow = (channel) => {
      if (channel.readyState === "open") resolve();
      else channel.onopen = () => resolve();
    };
    if (isOfferer) follow(peerConnection.createDataChannel("data"));
    else peerConnection.ondatachannel = ({ channel }) => follow(channel);
  });
}

/** Runs one side over a push channel with trickle ICE (RFC 8838). Returns a function for the other side's messages. */
function trickle(peerConnection, isOfferer, send) {
  const describe = async () => {
    await peerConnection.setLocalDescription();
    send({ description: peerConnection.localDescription });
  };
  peerConnection.onicecandidate = ({ candidate }) => candidate && send({ candidate });
  if (isOfferer) describe();
  return async ({ description, candidate }) => {
    if (candidate) return peerConnection.addIceCandidate(candidate);
    await peerConnection.setRemoteDescription(description);
    if (description.type === "offer") await describe();
  };
}

/** Runs one side over a WebSocket. It sends its messages once `ready` resolves. */
async function overWebSocket(socket, isOfferer, ready) {
  const peerConnection = new RTCPeerConnection(config);
  const open = opened(peerConnection, isOfferer);
  const receive = trickle(peerConnection, isOfferer, async (message) => {
    await ready;
    socket.send(JSON.stringify(message));
  });
  ready.then(() => (socket.onmessage = ({ data }) => receive(JSON.parse(data))));
  await open;
}

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

/** Pass the channel id on out of band, as fast as a machine can. */
const handOver = (meeting, channelId) => fetch(`/meeting/${meeting}`, { method: "POST", body: channelId });
const handedOver = async (meeting) => (await fetch(`/meeting/${meeting}`)).text();

const variants = {
  async peerpost() {
    const { connect, SignalingClient } = await import("/src/index.js");
    return async ({ port, isOfferer, meeting, channelId, step }) => {
      const server = new SignalingClient(`https://127.0.0.1:${port}/`);
      // Open the connection first, while the RTCPeerConnection is created. All rivals with a WebSocket do the same.
      server.preconnect();
      const peerConnection = new RTCPeerConnection(config);
      const open = opened(peerConnection, isOfferer);
      const options = { server, onProgress: step };
      if (isOfferer) options.onChannel = (channelId) => handOver(meeting, channelId);
      else options.channelId = channelId ?? (await handedOver(meeting));
      step("start");
      await connect(peerConnection, options);
      await open;
    };
  },

  async polling() {
    const { SignalingClient } = await import("/src/index.js");
    /** Asks immediately, and then every second, until there is an answer. */
    const poll = async (ask) => {
      for (;;) {
        const next = new Promise((resolve) => setTimeout(resolve, 1000));
        const reply = await ask().catch((refusal) => refusal.name === "RefusalError" || Promise.reject(refusal));
        if (typeof reply === "object") return reply;
        await next;
      }
    };
    return async ({ port, isOfferer, meeting, channelId }) => {
      const client = new SignalingClient(`https://127.0.0.1:${port}/`);
      const peerConnection = new RTCPeerConnection(config);
      const open = opened(peerConnection, isOfferer);
      if (isOfferer) {
        channelId = (await client.createDataChannel()).channel_id;
        handOver(meeting, channelId);
      } else channelId ??= await handedOver(meeting);

      const own = new Set();
      peerConnection.onicecandidate = ({ candidate }) => {
        if (!candidate) return;
        own.add(JSON.stringify(candidate));
        client.createCandidate(channelId, JSON.stringify(candidate));
      };
      if (isOfferer) {
        await peerConnection.setLocalDescription();
        await client.createOffer(channelId, peerConnection.localDescription.sdp);
        const { answer } = await poll(() => client.getAnswer(channelId));
        await peerConnection.setRemoteDescription({ type: "answer", sdp: answer });
      } else {
        const { offer } = await poll(() => client.getOffer(channelId));
        await peerConnection.setRemoteDescription({ type: "offer", sdp: offer });
        await peerConnection.setLocalDescription();
        await client.createAnswer(channelId, peerConnection.localDescription.sdp);
      }
      poll(async () => {
        const { items } = await client.getCandidates(channelId);
        items.filter((item) => !own.has(item)).forEach((item) => peerConnection.addIceCandidate(JSON.parse(item)));
      });
      await open;
    };
  },

  async relay() {
    return async ({ port, isOfferer, meeting }) => {
      const socket = new WebSocket(`wss://127.0.0.1:${port}/`);
      socket.onopen = () => socket.send(meeting);
      await overWebSocket(socket, isOfferer, new Promise((there) => (socket.onmessage = there)));
    };
  },

  async mailbox() {
    return async ({ port, isOfferer, meeting }) => {
      const socket = new WebSocket(`wss://127.0.0.1:${port}/${meeting}`);
      await overWebSocket(socket, isOfferer, new Promise((ready) => (socket.onopen = ready)));
    };
  },

  async socketio() {
    const { io } = await import("/socket.io-client/dist/socket.io.esm.min.js");
    return async ({ port, isOfferer, meeting }) => {
      const socket = io(`https://127.0.0.1:${port}/`, { transports: ["websocket"], auth: { room: meeting } });
      const peerConnection = new RTCPeerConnection(config);
      const open = opened(peerConnection, isOfferer);
      // socket.io keeps what is emitted before it is connected. It cannot send objects of the browser's own classes.
      const send = (message) => socket.emit("signal", JSON.stringify(message));
      const receive = trickle(peerConnection, isOfferer, send);
      socket.on("signal", (message) => receive(JSON.parse(message)));
      await open;
    };
  },

  async peerjs() {
    await import("/peerjs/dist/peerjs.min.js");
    return async ({ port, isOfferer, meeting }) => {
      // Choosing the IDs ourselves saves the request for one.
      const [name, other] = isOfferer ? [`${meeting}o`, `${meeting}a`] : [`${meeting}a`, `${meeting}o`];
      const peer = new Peer(name, { host: "127.0.0.1", port, secure: true, config });
      if (isOfferer) await once(peer, "open"); // An offer that is made earlier is lost.
      await once(isOfferer ? peer.connect(other, { reliable: true }) : await once(peer, "connection"), "open");
    };
  },

  async peerjsids() {
    await import("/peerjs/dist/peerjs.min.js");
    return async ({ port, isOfferer, meeting }) => {
      const peer = new Peer({ host: "127.0.0.1", port, secure: true, config });
      const connected = once(peer, "connection");
      const id = await once(peer, "open");
      if (!isOfferer) handOver(meeting, id);
      await once(isOfferer ? peer.connect(await handedOver(meeting), { reliable: true }) : await connected, "open");
    };
  },
};

const meet = await variants[variant]();

window.clock = now;

/** The steps of this page's peer, each with its milliseconds from the peer's start. */
window.steps = [];

/** Lets all code in this page believe that it is later than it is. */
window.age = (milliseconds) => {
  performance.now = () => realTime() + milliseconds;
};

window.begin = async ({ at, ...options }) => {
  // Timers can be late by some milliseconds, so wait for the last five in a loop.
  await new Promise((resolve) => setTimeout(resolve, at - now() - 5));
  while (now() < at);
  await meet({ ...options, step: (name) => steps.push([name, now() - at]) });
  return { opened: now() - at, steps };
};

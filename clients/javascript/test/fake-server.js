/** A server in memory, in place of `fetch`. */

export class FakeServer {
  /** The requests, in order of arrival. */
  requests = [];
  /** Functions that turn a request into a reply, or throw. Each is used once, before the server sees the request. */
  faults = [];
  #channels = new Map();
  #held = new Set();

  /**
   * @param {{ modern?: boolean, holds?: boolean, maxWaitSeconds?: number, accessKey?: string, iceServers?: object[],
   *   maxTtl?: number }} [options] `maxTtl` is 0 for a server that does not know `ttl` and `owner`.
   */
  constructor({
    modern = true,
    holds = modern,
    maxWaitSeconds = 5,
    accessKey,
    iceServers = [],
    maxTtl = modern ? 86_400 : 0,
  } = {}) {
    this.modern = modern;
    this.holds = holds;
    this.maxWaitSeconds = maxWaitSeconds;
    this.accessKey = accessKey;
    this.iceServers = iceServers;
    this.maxTtl = maxTtl;
  }

  fetch = async (url, { body, headers, signal }) => {
    const request = JSON.parse(body);
    this.requests.push(request);
    await this.faults.shift()?.(request);
    signal.throwIfAborted();
    if (this.accessKey && !request.channel_id && headers?.get("Authorization") !== `Bearer ${this.accessKey}`) {
      return new Response(`access key is ${headers ? "unknown" : "missing"}`, { status: 401 });
    }
    let resolve, reject;
    const promise = new Promise((...both) => ([resolve, reject] = both));
    const attempt = (last) => {
      const [status, reply] = this.serve(request);
      const nothing = status === 400 ? /yet$/.test(reply) : reply.items?.length === 0 && !reply.offer && !reply.answer;
      if (!last && nothing && this.holds && request.wait) return;
      this.#held.delete(attempt);
      clearTimeout(timer);
      resolve(new Response(status === 200 ? JSON.stringify(reply) : reply, { status }));
    };
    const timer = setTimeout(() => attempt(true), this.holds ? Math.min(request.wait ?? 0, this.maxWaitSeconds) * 1000 : 0);
    signal.addEventListener("abort", () => {
      this.#held.delete(attempt);
      clearTimeout(timer);
      reject(signal.reason);
    });
    this.#held.add(attempt);
    attempt(false);
    this.wake();
    return promise;
  };

  /** Make the held reads check again. */
  wake() {
    for (const other of [...this.#held]) other(false);
  }

  methods() {
    return this.requests.map(({ method }) => method);
  }

  open(id = "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e", { ttl = 300, owner } = {}) {
    this.#channels.set(id, { candidates: [], owner, expiry: performance.now() + ttl * 1000 });
    return id;
  }

  /** Return a channel, unless its time is up. */
  find(id) {
    const channel = this.#channels.get(id);
    return channel && performance.now() < channel.expiry ? channel : undefined;
  }

  /** Carry out a request, and return its status and reply. */
  serve({ method, channel_id, since, offer, answer, candidate, candidates, ice_servers: asked, ttl, owner }) {
    if (!this.modern) since = candidates = undefined;
    if (!this.maxTtl) ttl = owner = undefined;
    const ice = this.modern && asked && this.iceServers.length ? { ice_servers: this.iceServers } : {};
    if (method === "create_data_channel") {
      const granted = ttl && Math.min(ttl, this.maxTtl);
      const id = this.open(crypto.randomUUID(), { ttl: granted, owner });
      if (this.modern && offer) this.#channels.get(id).offer = offer;
      return [200, { channel_id: id, ttl: granted, ...ice }];
    }
    const channel = this.find(channel_id);
    const isWrite = method.startsWith("create_") || method === "delete_data_channel";
    if (isWrite && channel?.owner && !owner) return [400, "owner is missing"];
    if (isWrite && channel?.owner && owner !== channel.owner) return [400, "owner does not match"];
    if (method === "delete_data_channel") {
      if (!this.modern) return [400, "method is unknown"];
      this.#channels.delete(channel_id);
      return [200, {}];
    }
    if (!channel) return [400, "no such channel"];
    const later = () =>
      since === undefined ? {} : { items: channel.candidates.slice(since), next: channel.candidates.length };
    switch (method) {
      case "create_offer":
        channel.offer = offer;
        return [200, {}];
      case "get_offer":
        return channel.offer ? [200, { offer: channel.offer, ...later(), ...ice }] : [400, "no offer yet"];
      case "get_ice_servers":
        return this.modern ? [200, { ice_servers: this.iceServers }] : [400, "method is unknown"];
      case "create_answer":
        if (channel.answer) return [400, "answer already exists"];
        channel.answer = answer;
        return [200, {}];
      case "get_answer":
        return channel.answer ? [200, { answer: channel.answer, ...later() }] : [400, "no answer yet"];
      case "create_candidate":
        if (!candidate && !candidates) return [400, "candidate is missing"];
        for (const each of candidates ?? [candidate]) {
          if (!channel.candidates.includes(each)) channel.candidates.push(each);
        }
        return [200, later()];
      case "get_candidates":
        return [200, since === undefined ? { items: channel.candidates } : later()];
    }
  }
}

/** A fault: a reply that does not come from the server. */
export function answerWith(status, text = "", headers = {}) {
  return () => {
    throw Object.assign(new Error("not served"), { response: new Response(text, { status, headers }) });
  };
}

/** Turn the faults of `answerWith` into replies. */
export function fetchFrom(server) {
  return (url, options) =>
    server.fetch(url, options).catch((error) => {
      if (error.response) return error.response;
      throw error;
    });
}

export function loseTheRequest() {
  throw new TypeError("Failed to fetch");
}

/** A fault: the server carries out the request, but its reply is lost. */
export function loseTheReply(server) {
  return (request) => {
    server.serve(request);
    throw new TypeError("Failed to fetch");
  };
}

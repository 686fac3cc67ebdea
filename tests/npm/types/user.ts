// A user's code. It is compiled but not run.
import {
  AccessError,
  connect,
  createKey,
  createLink,
  ExpiredError,
  NetworkError,
  parseLink,
  PeerpostError,
  RefusalError,
  ServerError,
  SignalingClient,
  TamperedError,
  UnreachableError,
} from "peerpost";
import type { Address, Key, Meeting, Options, Reason, Step } from "peerpost";
import { Files, safeFileName } from "peerpost/files";
import type { FilesOptions, OtherPeer, Transfer } from "peerpost/files";
import { listen, NoAddressError } from "peerpost/listen";
import type { HostedAddress, ListenOptions, Newcomer } from "peerpost/listen";
import { createGuest, reconnect } from "peerpost/reconnect";
import type { ReconnectOptions } from "peerpost/reconnect";

const meeting: Partial<Meeting> = parseLink(new URL("https://example.org/"));
const link: string = createLink(location, { channelId: "id", key: createKey() });
const keys: Key[] = [createKey(), new Uint8Array(32), crypto.getRandomValues(new Uint8Array(32))];
const steps: Step[] = ["request", "connected"];
const options: Options = {
  server: new URL("https://signaling.example/"),
  accessKey: "key",
  key: keys[0],
  signal: AbortSignal.timeout(1000),
  onChannel: (channelId: string) => steps.push("channel") && void channelId,
  onProgress: (step: Step, detail) => steps.push(step) && void detail.delay,
};
const connecting: Promise<RTCPeerConnection> = connect(new RTCPeerConnection(), { ...options, ...meeting });
const following: Promise<RTCPeerConnection> = connect(() => new RTCPeerConnection(), {
  ...options,
  ...parseLink(location),
  guest: "AAECAwQFBgcICQoLDA0ODw",
});

const address: Address = { addressId: "id", key: createKey() };
const kept: HostedAddress[] = [];
const listening: ListenOptions = {
  server: "https://signaling.example/",
  accessKey: "key",
  key: address.key,
  ttl: 3600,
  newConnection: () => new RTCPeerConnection(),
  onPeer: (connection: RTCPeerConnection, { guest, replaces }: Newcomer) => {
    replaces?.close();
    connection.createDataChannel(guest);
  },
  onLink: (opened) => kept.push(opened) && void createLink(location, opened),
  onProgress: (step: Step, detail) => steps.push(step) && void detail.error,
  signal: AbortSignal.timeout(1000),
  resume: kept[0],
};
const over: Promise<void> = listen(listening);
const staying: ReconnectOptions = {
  server: "https://signaling.example/",
  addressId: address.addressId,
  key: address.key,
  newConnection: listening.newConnection,
  onPeer: listening.onPeer,
  guest: createGuest(),
  onProgress: (step: Step, detail) => steps.push(step) && void detail.delay,
  signal: AbortSignal.timeout(1000),
};
const stayed: Promise<void> = reconnect(staying);

const received: Blob[] = [];
const sharing: FilesOptions = {
  maxFileBytes: 1e6,
  maxReceivedBytes: 1e9,
  onPeer: ({ once, outcome, sends, receives }: OtherPeer) => void [once, outcome === "done", sends, receives],
  onTransfer: (transfer) => {
    transfer.onChange = () => transfer.content && received.push(transfer.content);
    if ((transfer.size ?? 0) > 1e6 || transfer.isArchive) transfer.cancel();
  },
};
const files = new Files(new RTCPeerConnection(), sharing);
const sent: Transfer[] = files.send([new File(["hello"], safeFileName("../hello.txt"))]);
await Promise.all(sent.map((transfer) => transfer.finished));
const canTake: boolean = files.peer.receives;

const client = new SignalingClient("https://signaling.example/", { accessKey: "key", fetch, patience: 5 });
const { ttl }: { ttl?: number } = await client.createDataChannel({ ttl: 3600, owner: "a secret of 16 bytes or more" });
await client.createOffer("id", "v=0", { owner: "secret" });
await client.createAnswer("id", "v=0", { owner: "secret" });
await client.createCandidate("id", ["a"], { owner: "secret" });
await client.deleteDataChannel("id", { owner: "secret" });
const reply = await client.getAnswer("id", { since: 0, wait: 20 });
const texts: string[] = [link, reply.answer, ...(reply.items ?? [])];

export function explain(error: unknown): string | number {
  if (error instanceof ServerError) return error.status + error.retryAfter;
  if (error instanceof UnreachableError) {
    const reason: Reason = error.reason;
    return reason;
  }
  const known = [NoAddressError, AccessError, ExpiredError, NetworkError, RefusalError, TamperedError, UnreachableError, PeerpostError];
  return known.find((each) => error instanceof each)?.name ?? texts.join();
}

// @ts-expect-error A step that does not exist.
const wrong: Step = "no such step";
// @ts-expect-error A server is needed.
connect(new RTCPeerConnection(), {});
// @ts-expect-error Each guest needs a connection of its own.
listen({ ...listening, newConnection: new RTCPeerConnection() });
// @ts-expect-error Only files have a name.
files.send([new Blob(["hello"])]);

export { canTake, connecting, following, over, stayed, ttl, wrong };

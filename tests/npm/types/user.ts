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
import type { Key, Meeting, Options, Step } from "peerpost";

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
const connecting: Promise<void> = connect(new RTCPeerConnection(), { ...options, ...meeting });

const client = new SignalingClient("https://signaling.example/", { accessKey: "key", fetch, patience: 5 });
const reply = await client.getAnswer("id", { since: 0, wait: 20 });
const texts: string[] = [link, reply.answer, ...(reply.items ?? [])];

export function explain(error: unknown): string | number {
  if (error instanceof ServerError) return error.status + error.retryAfter;
  const known = [AccessError, ExpiredError, NetworkError, RefusalError, TamperedError, UnreachableError, PeerpostError];
  return known.find((each) => error instanceof each)?.name ?? texts.join();
}

// @ts-expect-error A step that does not exist.
const wrong: Step = "no such step";
// @ts-expect-error A server is needed.
connect(new RTCPeerConnection(), {});

export { connecting, wrong };

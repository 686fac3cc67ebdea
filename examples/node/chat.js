/** A chat between two peers. This code is the same in Node and in browsers. Only `peer`, an RTCPeerConnection, differs. */

import { connect, createKey, createLink, parseLink } from "peerpost";

/** Make a link, and chat with the peer that follows it. */
export async function invite(peer, { server, page, onLink, onOpen }) {
  const key = createKey();
  const channel = peer.createDataChannel("chat");
  channel.onopen = () => onOpen(channel);
  await connect(peer, {
    server,
    key,
    onChannel: (channelId) => onLink(createLink(page, { channelId, key })),
  });
}

/** Follow a link, and chat with the peer that has made it. */
export async function follow(peer, { server, link, onOpen }) {
  peer.ondatachannel = ({ channel }) => {
    // In some implementations of WebRTC, the channel is already open here.
    if (channel.readyState === "open") onOpen(channel);
    else channel.onopen = () => onOpen(channel);
  };
  await connect(peer, { server, ...parseLink(link) });
}

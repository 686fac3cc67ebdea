/** A page that uses the README's hook in React's strict mode: `app.mount()`, `app.unmount()`, and a record of events. */

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { usePeer } from "./use-peer.jsx";

const root = createRoot(document.body.appendChild(document.createElement("main")));
const app = { channels: [], states: [], messages: [], connections: 0 };

function Peer({ options }) {
  const { status, error } = usePeer({
    ...options,
    onChannel: (channelId) => app.channels.push(channelId),
    prepare(peerConnection) {
      app.connections++;
      const chat = peerConnection.createDataChannel("chat", { negotiated: true, id: 1 });
      app.chat = chat;
      chat.onmessage = ({ data }) => app.messages.push(data);
    },
  });
  app.state = error ? `${error.name}: ${error.message}` : status;
  return app.state;
}

app.mount = (options) => root.render(<StrictMode><Peer options={options} /></StrictMode>);
app.unmount = () => root.render(<StrictMode />);
window.app = app;

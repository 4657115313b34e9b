import { once } from 'node:events';

interface StreamMessage {
  type: string;
  timestamp: string;
  data: unknown;
  detail?: string;
}

const queues = new WeakMap<WebSocket, { messages: StreamMessage[]; arrived: PromiseWithResolvers<void> }>();

/** Opens the PerfWatch stream; messages queue up until nextMessage takes them. */
export async function connectStream(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws/metrics?token=${token}`);
  const queue = { messages: [] as StreamMessage[], arrived: Promise.withResolvers<void>() };
  queues.set(socket, queue);
  socket.addEventListener('message', ({ data }) => {
    queue.messages.push(JSON.parse(String(data)));
    queue.arrived.resolve();
  });
  await once(socket, 'open');
  return socket;
}

/** The next message of a type; others before it are passed over. */
export async function nextMessage(socket: WebSocket, type: string): Promise<StreamMessage> {
  const queue = queues.get(socket);
  if (!queue) throw new Error('not a stream of connectStream');
  for (;;) {
    const message = queue.messages.shift();
    if (message?.type === type) return message;
    if (message) continue;
    await queue.arrived.promise;
    queue.arrived = Promise.withResolvers();
  }
}

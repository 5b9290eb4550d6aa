import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';

import { WebSocket, WebSocketServer } from 'ws';

import { ACK_TIMEOUT_MS, type Answer, type AppDoor } from './app-door.js';
import { APP } from './people.js';

export interface SocketMode extends AppDoor {
  /** A path for one connection, as `apps.connections.open` hands it out; good once. */
  openTicket(): string;
  connectionCount(): number;
  /** Asks every client to reconnect, as Slack does when it recycles a connection. */
  disconnectAll(reason: 'refresh_requested' | 'warning' | 'link_disabled'): void;
  /** Any text at all, to every client. */
  say(text: string): void;
}

/** Socket Mode on this server's `/link`. @see https://docs.slack.dev/apis/events-api/using-socket-mode */
export function createSocketMode(server: Server): SocketMode {
  const sockets = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const waiting = new Map<string, (answer: Answer) => void>();
  let turn = 0;

  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://slack');
    if (url.pathname !== '/link' || !tickets.delete(url.searchParams.get('ticket') ?? '')) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      client.on('message', (data: Buffer) => {
        receive(data.toString());
      });
      client.send(
        JSON.stringify({
          type: 'hello',
          num_connections: sockets.clients.size,
          debug_info: { host: 'applink-local', approximate_connection_time: 18060 },
          connection_info: { app_id: APP.id },
        }),
      );
    });
  });

  function receive(text: string): void {
    const { envelope_id, payload } = JSON.parse(text) as { envelope_id: string; payload?: unknown };
    waiting.get(envelope_id)?.({ outcome: 'acknowledged', body: payload ?? {} });
  }

  return {
    timeoutReason: 'timeout',
    openTicket() {
      const ticket = randomUUID();
      tickets.add(ticket);
      return `/link?ticket=${ticket}&app_id=${APP.id}`;
    },
    connectionCount: () => openClients().length,
    disconnectAll(reason) {
      for (const client of openClients()) client.send(JSON.stringify({ type: 'disconnect', reason }));
    },
    say(text) {
      for (const client of openClients()) client.send(text);
    },
    deliver({ type, payload, acceptsResponsePayload, retry }) {
      const clients = openClients();
      // "each payload may be sent to any of the connections": strictly one of them, in turn.
      const client = clients[turn++ % clients.length];
      if (!client) return Promise.resolve({ outcome: 'unreachable', reason: 'connection_failed' });
      const envelopeId = randomUUID();
      return new Promise((resolve) => {
        const settle = (answer: Answer): void => {
          clearTimeout(timer);
          waiting.delete(envelopeId);
          resolve(answer);
        };
        const timer = setTimeout(settle, ACK_TIMEOUT_MS, { outcome: 'timeout', reason: 'timeout' });
        waiting.set(envelopeId, settle);
        client.send(
          JSON.stringify({
            envelope_id: envelopeId,
            type,
            payload,
            accepts_response_payload: acceptsResponsePayload,
            ...(type === 'events_api' && {
              retry_attempt: retry?.attempt ?? 0,
              retry_reason: retry?.reason ?? '',
            }),
          }),
        );
      });
    },
    close() {
      for (const settle of waiting.values()) settle({ outcome: 'unreachable', reason: 'connection_failed' });
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };

  function openClients(): WebSocket[] {
    return [...sockets.clients].filter((client) => client.readyState === WebSocket.OPEN);
  }
}

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';

import { WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';

import { guildObject, userObject } from './objects.js';
import type { World } from './world.js';

const MAX_PAYLOAD_BYTES = 4096;
const MAX_EVENTS_PER_MINUTE = 120;
const MAX_REPLAY = 500;
const INTENT_GUILDS = 1;
const PRIVILEGED_INTENTS = (1 << 1) | (1 << 8) | (1 << 15);
const KNOWN_INTENTS = ((1 << 17) - 1) | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);

/** @see https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
const close = {
  unknownOpcode: 4001,
  decodeError: 4002,
  notAuthenticated: 4003,
  authenticationFailed: 4004,
  alreadyAuthenticated: 4005,
  invalidSeq: 4007,
  rateLimited: 4008,
  sessionTimedOut: 4009,
  invalidShard: 4010,
  invalidVersion: 4012,
  invalidIntents: 4013,
  disallowedIntents: 4014,
} as const;

interface Session {
  id: string;
  intents: number;
  sequence: number;
  sent: { sequence: number; text: string }[];
  socket: WebSocket | null;
}

const payload = z.object({ op: z.int(), d: z.unknown().optional() });
const identify = z.object({
  token: z.string(),
  properties: z.looseObject({}),
  intents: z.int().min(0),
  shard: z.tuple([z.int(), z.int()]).optional(),
});
const resume = z.object({ token: z.string(), session_id: z.string(), seq: z.int() });

export interface Gateway {
  /** How many sessions were started. */
  identifies(): number;
  /** How many sessions have a socket now. */
  connected(): number;
  /** Asks every client to reconnect and resume (op 7). */
  reconnect: () => void;
  /** Ends every session (op 9, not resumable). */
  invalidate: () => void;
  close(): Promise<void>;
}

/**
 * The gateway, v10 and JSON, on the HTTP server's upgrades. Sessions outlive their sockets until a client closes
 * with 1000 or 1001, and every session of the token gets every event that its intents allow.
 * @see https://docs.discord.com/developers/events/gateway
 */
export function createGateway(world: World, server: Server, heartbeatIntervalMs: number): Gateway {
  const sessions = new Map<string, Session>();
  let identifies = 0;
  const sockets = new WebSocketServer({
    server,
    verifyClient: (_info, done) => {
      done(!world.faults.gatewayDown, 503, 'Service Unavailable');
    },
  });
  sockets.on('connection', accept);
  world.events.on('dispatch', (name, data, intent) => {
    for (const session of sessions.values())
      if (!intent || session.intents & intent) dispatch(session, name, data);
  });
  world.events.on('gatewayDown', () => {
    for (const socket of sockets.clients) socket.terminate();
  });

  function accept(socket: WebSocket, request: IncomingMessage): void {
    const query = new URL(request.url ?? '/', 'ws://localhost').searchParams;
    let session: Session | undefined;
    let lastHeartbeatAtMs = Date.now();
    const received: number[] = [];
    const watchdog = setInterval(() => {
      if (Date.now() - lastHeartbeatAtMs > heartbeatIntervalMs * 2)
        socket.close(close.sessionTimedOut, 'Session timed out.');
    }, heartbeatIntervalMs / 2);
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      clearInterval(watchdog);
      if (!session) return;
      if (session.socket === socket) session.socket = null;
      if (code === 1000 || code === 1001) sessions.delete(session.id);
    });
    if (query.get('v') !== '10') {
      socket.close(close.invalidVersion, 'Invalid API version.');
      return;
    }
    if (query.get('encoding') !== 'json' || query.has('compress')) {
      socket.close(close.decodeError, 'The local double speaks plain JSON only.');
      return;
    }
    send(socket, { op: 10, d: { heartbeat_interval: heartbeatIntervalMs } });
    socket.on('message', (raw: Buffer) => {
      const nowMs = Date.now();
      received.push(nowMs);
      if (received.filter((atMs) => nowMs - atMs < 60_000).length > MAX_EVENTS_PER_MINUTE) {
        socket.close(close.rateLimited, 'Rate limited.');
        return;
      }
      const frame = payload.safeParse(
        raw.length > MAX_PAYLOAD_BYTES ? undefined : parseJson(raw.toString()),
      ).data;
      if (!frame) {
        socket.close(close.decodeError, 'Error while decoding payload.');
      } else if (frame.op === 1) {
        lastHeartbeatAtMs = nowMs;
        send(socket, { op: 11 });
      } else if (frame.op === 2 || frame.op === 6) {
        const isAuthenticated = session !== undefined && sessions.has(session.id);
        if (isAuthenticated) socket.close(close.alreadyAuthenticated, 'Already authenticated.');
        else session = frame.op === 2 ? startSession(socket, frame.d) : resumeSession(socket, frame.d);
      } else if (![3, 4, 8, 31, 43].includes(frame.op)) {
        socket.close(close.unknownOpcode, 'Unknown opcode.');
      } else if (!session) {
        socket.close(close.notAuthenticated, 'Not authenticated.');
      }
    });
  }

  function startSession(socket: WebSocket, data: unknown): Session | undefined {
    const asked = identify.safeParse(data).data;
    const refused = whyRefused(asked);
    if (!asked || refused) {
      socket.close(refused ?? close.decodeError);
      return undefined;
    }
    identifies += 1;
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      intents: asked.intents,
      sequence: 0,
      sent: [],
      socket,
    };
    sessions.set(session.id, session);
    const guilds = [...world.guilds.values()].filter((guild) => guild.hasApp);
    dispatch(session, 'READY', {
      v: 10,
      user: userObject(world, world.applicationId),
      guilds: guilds.map((guild) => ({ id: guild.id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: world.baseUrl.replace('http', 'ws'),
      application: { id: world.applicationId, flags: 0 },
      shard: [0, 1],
    });
    if (session.intents & INTENT_GUILDS) {
      for (const guild of guilds) dispatch(session, 'GUILD_CREATE', guildObject(world, guild));
    }
    return session;
  }

  function whyRefused(asked: z.infer<typeof identify> | undefined): number | undefined {
    if (!asked) return close.decodeError;
    if (asked.token !== world.token) return close.authenticationFailed;
    if (asked.shard && asked.shard.join() !== '0,1') return close.invalidShard;
    if (asked.intents & ~KNOWN_INTENTS) return close.invalidIntents;
    return asked.intents & PRIVILEGED_INTENTS ? close.disallowedIntents : undefined;
  }

  function resumeSession(socket: WebSocket, data: unknown): Session | undefined {
    const asked = resume.safeParse(data).data;
    const session = sessions.get(asked?.session_id ?? '');
    if (!asked) socket.close(close.decodeError, 'Error while decoding payload.');
    else if (asked.token !== world.token) socket.close(close.authenticationFailed, 'Authentication failed.');
    else if (!session) send(socket, { op: 9, d: false });
    else if (asked.seq > session.sequence) socket.close(close.invalidSeq, 'Invalid seq.');
    else {
      session.socket?.close(4000);
      session.socket = socket;
      for (const event of session.sent) if (event.sequence > asked.seq) socket.send(event.text);
      dispatch(session, 'RESUMED', {});
      return session;
    }
    return undefined;
  }

  return {
    identifies: () => identifies,
    connected: () => [...sessions.values()].filter((session) => session.socket).length,
    reconnect: () => {
      for (const socket of sockets.clients) send(socket, { op: 7, d: null });
    },
    invalidate: () => {
      sessions.clear();
      for (const socket of sockets.clients) send(socket, { op: 9, d: false });
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => {
        sockets.close(resolve);
      });
    },
  };
}

function dispatch(session: Session, name: string, data: object): void {
  session.sequence += 1;
  const text = JSON.stringify({ op: 0, t: name, s: session.sequence, d: data });
  session.sent = [...session.sent.slice(-MAX_REPLAY), { sequence: session.sequence, text }];
  if (session.socket?.readyState === WebSocket.OPEN) session.socket.send(text);
}

function send(socket: WebSocket, data: object): void {
  if (socket.readyState === WebSocket.OPEN)
    socket.send(JSON.stringify({ s: null, t: null, d: null, ...data }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

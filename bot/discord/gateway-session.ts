import {
  GatewayDispatchEvents,
  GatewayOpcodes,
  type GatewayReadyDispatchData,
  type SimpleShardingStrategy,
} from 'discord.js';
import * as z from 'zod';

/** What Discord asks of whoever resumes a session, and who we are in it: that is told only as a session begins. */
const gatewaySession = z.object({
  sessionId: z.string(),
  resumeURL: z.url(),
  /** Of the last event that was heard. */
  sequence: z.int(),
  shardId: z.int(),
  shardCount: z.int(),
  user: z.looseObject({ id: z.string(), username: z.string() }),
  application: z.looseObject({ id: z.string() }),
});
export type GatewaySession = z.output<typeof gatewaySession>;

/** The library's manager of connections; discord.js has another of that name. */
export type ConnectionManager = ConstructorParameters<typeof SimpleShardingStrategy>[0];

/** The session that begins with READY. */
export function sessionOf(ready: GatewayReadyDispatchData, sequence: number): GatewaySession {
  const { user, application, session_id: sessionId, resume_gateway_url: resumeURL } = ready;
  const [shardId, shardCount] = ready.shard ?? [0, 1];
  return {
    sessionId,
    resumeURL,
    sequence,
    shardId,
    shardCount,
    user: { id: user.id, username: user.username, discriminator: user.discriminator, bot: true },
    application: { ...application },
  };
}

/** For another process of this or another version. No secret: without the token nobody can resume it. */
export function writeSession(session: GatewaySession | null): string | null {
  return session && JSON.stringify(session);
}

/** @returns null for what is none: a session is begun then */
export function readSession(text: string | null): GatewaySession | null {
  try {
    return gatewaySession.safeParse(JSON.parse(text ?? 'null')).data ?? null;
  } catch {
    return null;
  }
}

/**
 * discord.js holds back all events until it is told who it is, by a READY that a resumed session does not get: it is
 * said in Discord's place, once the connection stands and before the first event.
 */
export function introduce(manager: ConnectionManager, { shardId, ...session }: GatewaySession): void {
  const { user, application, sessionId, resumeURL } = session;
  const names = { session_id: sessionId, resume_gateway_url: resumeURL };
  const d = { v: 10, user, application, guilds: [], ...names };
  const events = manager as unknown as NodeJS.EventEmitter;
  events.once('hello', () => {
    events.emit('ready', { data: d, shardId });
    events.emit('dispatch', {
      data: { op: GatewayOpcodes.Dispatch, t: GatewayDispatchEvents.Ready, s: session.sequence, d },
      shardId,
    });
  });
}

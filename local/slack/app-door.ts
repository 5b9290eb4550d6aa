import { setTimeout as delay } from 'node:timers/promises';

import type { Installation } from './installations.js';
import { APP } from './people.js';
import { newId, type SlackWorld } from './world.js';

export interface Envelope {
  type: 'slash_commands' | 'interactive' | 'events_api';
  payload: Record<string, unknown>;
  acceptsResponsePayload: boolean;
  retry?: { attempt: number; reason: string };
}

/** What the app answered. `timeout` = nothing within 3 s; `unreachable` = it could not be asked or refused. */
export type Answer =
  { outcome: 'acknowledged'; body: unknown } | { outcome: 'timeout' | 'unreachable'; reason: string };

/** The way from Slack to the app: Socket Mode or signed HTTP requests. */
export interface AppDoor {
  /** How a retry names an acknowledgement that came too late. */
  timeoutReason: string;
  deliver(envelope: Envelope): Promise<Answer>;
  close(): void;
}

export type SlackEvent = { type: string } & Record<string, unknown>;

export const ACK_TIMEOUT_MS = 3000;

/** Fields that every payload carries. `token` is the deprecated verification token. */
export const payloadBasics = { token: 'local-verification-token', api_app_id: APP.id };

/**
 * Delivers an event of a workspace, and again while it is not acknowledged: "3 retries: at once, after 1 minute, after
 * 5 minutes". It says what was true when it happened, also where it sets out later, once `held` has settled.
 */
export async function deliverEvent(
  world: SlackWorld,
  installation: Installation,
  teamId: string,
  event: SlackEvent,
  held?: Promise<void>,
): Promise<void> {
  const record = { eventId: newId('Ev'), teamId, type: event.type, attempts: 0, acknowledged: false };
  world.events.push(record);
  const { enterprise } = world;
  const enterprise_id = enterprise?.id ?? null;
  const installed = { enterprise_id, team_id: installation.teamId, user_id: APP.botUserId, is_bot: true };
  const payload = {
    ...payloadBasics,
    ...{
      ...(enterprise && { enterprise_id }),
      team_id: teamId,
      context_team_id: teamId,
      context_enterprise_id: enterprise_id,
      is_ext_shared_channel: false,
    },
    ...{ type: 'event_callback', event_id: record.eventId, event_time: Math.floor(world.now() / 1000) },
    authorizations: [{ ...installed, is_enterprise_install: installation.isEnterpriseInstall }],
    event,
  };
  let retry: Envelope['retry'];
  await held;
  for (const waitMs of [0, ...world.retryDelaysMs]) {
    const stopped = await delay(waitMs, false, { signal: world.closing.signal }).catch(() => true);
    if (stopped) return;
    const answer = await attempt();
    if (answer.outcome === 'acknowledged') break;
    retry = { attempt: record.attempts, reason: answer.reason };
  }
  if (record.acknowledged && world.faults.duplicateEvents) {
    retry = { attempt: record.attempts, reason: world.door.timeoutReason };
    await attempt();
  }

  async function attempt(): Promise<Answer> {
    record.attempts += 1;
    const envelope: Envelope = { type: 'events_api', payload, acceptsResponsePayload: false };
    const answer = await world.door.deliver(retry ? { ...envelope, retry } : envelope);
    record.acknowledged ||= answer.outcome === 'acknowledged';
    return answer;
  }
}

import { randomBytes } from 'node:crypto';

import { payloadBasics, type Envelope } from './app-door.js';
import { parseMessageBlocks } from './blocks-validation.js';
import { installationIn, type Installation } from './installations.js';
import { APP, PEOPLE, teamOf } from './people.js';
import { SlackError } from './slack-error.js';
import { addMessage, newId, type Message, type SlackWorld } from './world.js';

const TRIGGER_LIFETIME_MS = 3000;
const RESPONSE_URL_LIFETIME_MS = 30 * 60 * 1000;
const RESPONSE_URL_USES = 5;

export interface Trigger {
  userId: string;
  interactionId: string;
  issuedAtMs: number;
  isExchanged: boolean;
}

/** One act of a person and everything that came of it. Times are milliseconds since `startedAtMs`. */
export interface Interaction {
  id: string;
  kind: string;
  userId: string;
  channelId: string | null;
  triggerId: string;
  responseUrl: string | null;
  startedAtMs: number;
  acknowledged: boolean;
  ackAtMs: number | null;
  ackBody: unknown;
  /** What the person sees instead of success: `operation_timeout`, `dispatch_failed` or a refused acknowledgement. */
  failed: string | null;
  /** Every body that was accepted at the response_url, in order. */
  responses: Record<string, unknown>[];
  /** The message that `replace_original` replaces, as the person sees it now. */
  current: Message | null;
  viewIds: string[];
}

export interface Act extends Omit<Envelope, 'acceptsResponsePayload'> {
  kind: string;
  userId: string;
  channelId?: string | undefined;
  /** The message that was acted on. */
  original?: Message | undefined;
  hasResponseUrl?: boolean;
  hasTrigger?: boolean;
  /** Applies the body of the acknowledgement. @throws SlackError when Slack would refuse it */
  onAck?: (body: Record<string, unknown>, interaction: Interaction) => void;
}

/** Sends a person's act to the app and returns at once; the record fills itself as the app answers. */
export function startInteraction(world: SlackWorld, act: Act): Interaction {
  const id = newId('I');
  const interaction: Interaction = {
    id,
    kind: act.kind,
    userId: act.userId,
    channelId: act.channelId ?? null,
    triggerId: `${Date.now()}.${act.userId.length}.${randomBytes(16).toString('hex')}`,
    responseUrl: act.hasResponseUrl ? `${world.url}/responses/${id}` : null,
    startedAtMs: world.now(),
    acknowledged: false,
    ackAtMs: null,
    ackBody: null,
    failed: null,
    responses: [],
    current: act.original ?? null,
    viewIds: [],
  };
  world.interactions.set(id, interaction);
  if (act.hasTrigger !== false) {
    const trigger = { userId: act.userId, interactionId: id, issuedAtMs: world.now(), isExchanged: false };
    world.triggers.set(interaction.triggerId, trigger);
  }
  void deliver(world, act, interaction);
  return interaction;
}

/**
 * Exchanges a trigger of one of the installation's people for the right to open a view.
 * @throws SlackError invalid_, expired_ or exchanged_trigger_id
 */
export function exchangeTrigger(world: SlackWorld, { teamIds }: Installation, triggerId: unknown): Trigger {
  const trigger = world.triggers.get(String(triggerId));
  if (!trigger || !teamIds.includes(teamOf(trigger.userId).id)) throw new SlackError('invalid_trigger_id');
  if (trigger.isExchanged) throw new SlackError('exchanged_trigger_id');
  if (world.now() - trigger.issuedAtMs > TRIGGER_LIFETIME_MS) throw new SlackError('expired_trigger_id');
  trigger.isExchanged = true;
  return trigger;
}

/** Takes one post to a response_url. @throws SlackError used_url, expired_url, invalid_blocks, no_text */
export function acceptResponse(world: SlackWorld, id: string, body: Record<string, unknown>): void {
  const interaction = world.interactions.get(id);
  if (!interaction?.responseUrl) throw new SlackError('invalid_url');
  if (world.now() - interaction.startedAtMs > RESPONSE_URL_LIFETIME_MS) throw new SlackError('expired_url');
  if (interaction.responses.length >= RESPONSE_URL_USES) throw new SlackError('used_url');
  respond(world, interaction, body);
  interaction.responses.push(body);
}

/** Shows a command's acknowledgement body to the person, as the response_url would. */
export function respond(world: SlackWorld, interaction: Interaction, body: Record<string, unknown>): void {
  const { current } = interaction;
  if (body.delete_original === true) {
    world.messages = world.messages.filter((message) => message !== current);
    interaction.current = null;
    return;
  }
  if (body.text === undefined && body.blocks === undefined) throw new SlackError('no_text');
  const shown = {
    text: typeof body.text === 'string' ? body.text : '',
    blocks: parseMessageBlocks(body.blocks ?? []),
  };
  // Nothing in the documentation says what replace_original does for a command: here it replaces the answer shown last.
  if (body.replace_original === true && current) {
    Object.assign(current, shown);
    return;
  }
  interaction.current = addMessage(world, {
    ...shown,
    channelId: interaction.channelId ?? '',
    userId: APP.botUserId,
    threadTs: current?.threadTs ?? null,
    onlyFor: body.response_type === 'in_channel' ? null : interaction.userId,
  });
}

async function deliver(world: SlackWorld, act: Act, interaction: Interaction): Promise<void> {
  const { type, payload } = act;
  const answer = await world.door.deliver({
    type,
    acceptsResponsePayload: act.onAck !== undefined,
    payload: {
      ...payloadBasics,
      ...(type === 'interactive' && interactiveBasics(world, act.userId)),
      ...(act.hasTrigger !== false && { trigger_id: interaction.triggerId }),
      ...(interaction.responseUrl && { response_url: interaction.responseUrl }),
      ...payload,
    },
  });
  if (answer.outcome !== 'acknowledged') {
    interaction.failed = answer.outcome === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
    return;
  }
  interaction.ackAtMs = world.now() - interaction.startedAtMs;
  interaction.ackBody = answer.body;
  try {
    act.onAck?.(answer.body as Record<string, unknown>, interaction);
  } catch (error) {
    interaction.failed = error instanceof SlackError ? error.code : String(error);
  }
  interaction.acknowledged = true;
}

function interactiveBasics(world: SlackWorld, userId: string): Record<string, unknown> {
  const { enterprise } = world;
  const team = teamOf(userId);
  const name = PEOPLE.find((person) => person.id === userId)?.name;
  return {
    team: {
      ...{ id: team.id, domain: team.domain },
      ...(enterprise && { enterprise_id: enterprise.id, enterprise_name: enterprise.name }),
    },
    user: { id: userId, username: name, name, team_id: team.id },
    enterprise,
    is_enterprise_install: installationIn(world, team.id)?.isEnterpriseInstall ?? false,
  };
}

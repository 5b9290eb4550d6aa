import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';
import {
  confirmLinkCode,
  createLinkCode,
  findIdentity,
  PLATFORM_NAMES,
  refuseLinkCode,
  unlinkIdentity,
} from '../../core/identities/link-codes.js';
import { phrase } from '../../core/messages/messages.js';
import type { Answer, BotDeps } from '../chat.js';
import { resumeDraft } from './share.js';

/**
 * Connect account: a link to the portal, valid for ten minutes, made at the moment of the press. Who is connected
 * meanwhile goes on with the share that was kept, if the button stood beneath one.
 */
export async function connect(
  deps: BotDeps,
  person: ChatProfile,
  reply?: ChatReply,
  draftId = '',
): Promise<Answer> {
  if (await findIdentity(deps, person)) {
    const resumed = draftId ? await resumeDraft(deps, person, draftId) : null;
    return resumed ?? { lines: [phrase('chat.already_connected', {})], buttons: [], isFinal: true };
  }
  const { url } = await createLinkCode(deps, deps.portalUrl, person, reply);
  return {
    lines: [phrase('chat.connect_steps', { platform: PLATFORM_NAMES[person.platform] })],
    buttons: [],
    link: { label: phrase('button.open_portal', {}), url },
  };
}

/** The last step of connecting, and then what the person had wanted to share. @throws AppError gone, forbidden, invalid */
export async function confirmLink(deps: BotDeps, person: ChatProfile, linkCodeId: string): Promise<Answer> {
  const { email } = await confirmLinkCode(deps, linkCodeId, person);
  const resumed = await resumeDraft(deps, person);
  return resumed ?? { lines: [phrase('chat.connected', { email })], buttons: [], isFinal: true };
}

/** The person's account is no longer used from here. Safe to repeat. */
export async function disconnect(deps: BotDeps, person: ChatProfile): Promise<Answer> {
  const identity = await findIdentity(deps, person);
  if (identity) await unlinkIdentity(deps, identity.accountId, identity.id);
  return {
    lines: [phrase(identity ? 'chat.disconnected' : 'chat.connect_to_use', {})],
    buttons: [{ label: phrase('button.connect', {}), action: 'connect', style: 'primary' }],
    isFinal: true,
  };
}

/** This isn't me: the code is dead. */
export async function refuseLink(deps: BotDeps, person: ChatProfile, linkCodeId: string): Promise<Answer> {
  await refuseLinkCode(deps, linkCodeId, person);
  return { lines: [phrase('chat.link_refused', {})], buttons: [], isFinal: true };
}

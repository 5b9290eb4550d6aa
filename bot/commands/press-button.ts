import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';
import type { BotDeps, ButtonAction, CommandResult } from '../chat.js';
import { confirmLink, connect, disconnect, refuseLink } from './connect.js';
import { copyLink, extend, history, resend, revoke, showShare } from './history.js';
import { changeSetting, settings } from './settings.js';
import { cancelDraft, sendDraft } from './share.js';

/** What each platform does itself: it opens a form there, or an administrator alone may press it. */
const PLATFORM_ACTIONS = ['choose-files', 'fix', 'change-address', 'change-rules', 'export-log'] as const;
type PlatformAction = (typeof PLATFORM_ACTIONS)[number];

/** A button of ours that does the same on every platform. */
export interface PressedButton {
  action: Exclude<ButtonAction, PlatformAction>;
  id: string;
}

/** What a button does, on every platform alike; its id is checked against the person who presses it. */
export function pressButton(
  deps: BotDeps,
  person: ChatProfile,
  { action, id }: PressedButton,
  reply: ChatReply,
): Promise<CommandResult> {
  switch (action) {
    case 'connect':
      return connect(deps, person, reply, id);
    case 'confirm-link':
      return confirmLink(deps, person, id);
    case 'refuse-link':
      return refuseLink(deps, person, id);
    case 'send-draft':
      return sendDraft(deps, person, id, reply);
    case 'dismiss':
    case 'discard-draft':
      return cancelDraft(deps, person, id);
    case 'history':
      return history(deps, person, pageOf(id));
    case 'show':
      return showShare(deps, person, id);
    case 'revoke':
      return revoke(deps, person, id);
    case 'extend':
      return extend(deps, person, id);
    case 'resend':
      return resend(deps, person, id);
    case 'link':
      return copyLink(deps, person, id);
    case 'settings':
      return settings(deps, person);
    case 'set':
      return changeSetting(deps, person, id);
    case 'disconnect':
      return disconnect(deps, person);
  }
}

/** Whether it is each platform's own. */
export function isPlatformAction(action: ButtonAction): action is PlatformAction {
  return PLATFORM_ACTIONS.some((known) => known === action);
}

/** What travels through a client may come back as anything. */
function pageOf(id: string): number {
  return /^[1-9]\d{0,5}$/.test(id) ? Number(id) : 1;
}

import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';
import type { BotDeps, CommandResult } from '../chat.js';
import { help } from './answers.js';
import { connect, disconnect } from './connect.js';
import { history, listRevocable } from './history.js';
import { settings } from './settings.js';

/** What can be asked for by a word, on every platform alike. */
export const COMMANDS = ['help', 'connect', 'disconnect', 'history', 'revoke', 'settings'] as const;
export type Command = (typeof COMMANDS)[number];

/** Runs `/share history` and the like. `helpText` has the commands as the platform offers them. */
export async function runCommand(
  deps: BotDeps,
  person: ChatProfile,
  command: Command,
  reply: ChatReply,
  helpText: Parameters<typeof help>[0],
): Promise<CommandResult> {
  switch (command) {
    case 'help':
      return help(helpText);
    case 'connect':
      return connect(deps, person, reply);
    case 'disconnect':
      return disconnect(deps, person);
    case 'history':
      return history(deps, person);
    case 'revoke':
      return listRevocable(deps, person);
    case 'settings':
      return settings(deps, person);
  }
}

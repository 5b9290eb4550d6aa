import { randomUUID } from 'node:crypto';
import type { ChatProfile } from '../../core/identities/chat-user.js';
import { help } from '../commands/answers.js';
import { explain } from '../commands/share.js';
import { connectAccount } from './connect-account.js';
import { shareFiles } from './share-files.js';
import { render, type Terminal, type TerminalDeps } from './terminal.js';

export interface TerminalCommand {
  /** As it would be typed into a chat: `/share bob@example.com`. */
  text: string;
  paths: readonly string[];
  /** Who types it, as the operating system knows them. */
  userId: string;
  /** Said beforehand, for a script: yes to whatever would be asked. */
  isConfirmed: boolean;
}

/** The smallest chat platform: runs one command and says what comes of it. @returns the exit code. Never throws */
export async function runTerminal(
  deps: TerminalDeps,
  terminal: Terminal,
  command: TerminalCommand,
): Promise<0 | 1> {
  const { userId } = command;
  const person: ChatProfile = {
    platform: 'TERMINAL',
    workspaceId: '',
    userId,
    userName: userId,
    workspaceName: 'This machine',
  };
  const [, name, rest = ''] = /^\s*(\/\w+)?([^]*)$/.exec(command.text) ?? [];
  try {
    switch (name) {
      case '/share':
        return await shareFiles(deps, terminal, person, { emailsText: rest, paths: command.paths });
      case '/connect':
        return await connectAccount(deps, terminal, person, command.isConfirmed);
      default:
        terminal.write(render(help('chat.help_terminal'), terminal.language));
        return name === '/help' ? 0 : 1;
    }
  } catch (error) {
    terminal.write(render(explain(deps, error, randomUUID().slice(0, 8)), terminal.language));
    return 1;
  }
}

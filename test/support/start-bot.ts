import { startProcess, type RunningProcess } from './start-process.js';

export type BotProcess = RunningProcess;

/** A bot, or another process, as it ships. Resolves when it says that it is ready. @throws Error with what it said where it ends before */
export function startBot(script: string, env: Record<string, string>): Promise<BotProcess> {
  return startProcess(process.execPath, [script], {
    env: { PATH: process.env.PATH, NODE_ENV: 'development', ...env },
  });
}

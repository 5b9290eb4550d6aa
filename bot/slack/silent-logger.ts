import { LogLevel, type Logger } from '@slack/bolt';

const say = (): void => {};

/** Slack's libraries log whole messages, URLs and tickets; what matters is logged by us. */
export const silentLogger: Logger = {
  debug: say,
  info: say,
  warn: say,
  error: say,
  setLevel: say,
  setName: say,
  getLevel: () => LogLevel.ERROR,
};

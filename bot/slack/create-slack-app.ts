import {
  App,
  type BlockAction,
  type GlobalShortcut,
  type MessageShortcut,
  type Receiver,
  type ViewSubmitAction,
} from '@slack/bolt';
import type { Logger } from '../../core/ports.js';
import { CHANGE_ADDRESS_FORM, onAddressSubmission } from './change-address.js';
import { onButton } from './on-button.js';
import { onDirectMessage } from './on-direct-message.js';
import { onFileShared } from './on-file-shared.js';
import { onHomeOpened } from './on-home-opened.js';
import { onRulesSubmission } from './on-rules-submission.js';
import { onShareCommand } from './on-share-command.js';
import { onShareSubmission } from './on-share-submission.js';
import { onGlobalShortcut, onMessageShortcut, SHARE_MESSAGE, SHARE_NEW } from './on-shortcut.js';
import { onTokensRevoked, onUninstalled } from './on-uninstalled.js';
import { RULES_FORM } from './rules-modal.js';
import { SHARE_FORM } from './share-modal.js';
import { silentLogger } from './silent-logger.js';
import type { SlackTools } from './slack-tools.js';

/**
 * Bolt with all listeners of ours, on a receiver that its caller starts. Each listener acknowledges, translates,
 * runs one neutral command and renders what it says.
 */
export function createSlackApp(tools: SlackTools, receiver: Receiver): App {
  const { log } = tools.deps;
  const app = new App({
    receiver,
    // A token is looked up once somebody has been acknowledged, and not by Bolt: nothing comes before that.
    authorize: () => Promise.resolve({}),
    tokenVerificationEnabled: false,
    // Tells our own messages by an id that is looked up; we tell them by their having been written by a bot.
    ignoreSelf: false,
    convoStore: false,
    logger: silentLogger,
  });
  app.error((error) => {
    log.error({ err: error }, 'Slack listener failed');
    return Promise.resolve();
  });

  app.command('/share', (args) => onShareCommand(tools, args));
  app.view<ViewSubmitAction>({ callback_id: SHARE_FORM, type: 'view_submission' }, (args) =>
    onShareSubmission(tools, args),
  );
  app.view<ViewSubmitAction>({ callback_id: CHANGE_ADDRESS_FORM, type: 'view_submission' }, (args) =>
    onAddressSubmission(tools, args),
  );
  app.view<ViewSubmitAction>({ callback_id: RULES_FORM, type: 'view_submission' }, (args) =>
    onRulesSubmission(tools, args),
  );
  app.action<BlockAction>({ type: 'block_actions' }, (args) => onButton(tools, args));
  app.shortcut<MessageShortcut>({ callback_id: SHARE_MESSAGE, type: 'message_action' }, (args) =>
    onMessageShortcut(tools, args),
  );
  app.shortcut<GlobalShortcut>({ callback_id: SHARE_NEW, type: 'shortcut' }, (args) =>
    onGlobalShortcut(tools, args),
  );
  app.event('app_home_opened', (args) => onHomeOpened(tools, args));
  app.event('message', (args) => onDirectMessage(tools, args));
  app.event('file_shared', (args) => onFileShared(tools, args));
  app.event('app_uninstalled', (args) => onUninstalled(tools, args));
  app.event('tokens_revoked', (args) => onTokensRevoked(tools, args));
  acknowledgeAlways(app, log);
  return app;
}

/**
 * Bolt leaves what no listener takes without an answer, and what it cannot make sense of: a person would look at it
 * for three seconds, and Slack would send an event again.
 */
function acknowledgeAlways(app: App, log: Logger): void {
  const process = app.processEvent.bind(app);
  app.processEvent = async ({ ack, ...event }) => {
    let acknowledged: Promise<void> | undefined;
    const acknowledge: typeof ack = (response) => (acknowledged = ack(response));
    try {
      await process({ ...event, ack: acknowledge });
    } catch {
      // The error may quote what was sent.
      log.warn({}, 'payload of Slack not understood');
    }
    await (acknowledged ?? ack());
  };
}

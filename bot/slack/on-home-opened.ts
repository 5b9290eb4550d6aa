import type { AllMiddlewareArgs, SlackEventMiddlewareArgs } from '@slack/bolt';
import { history } from '../commands/history.js';
import { withRules } from './home-rules.js';
import { replyAtHome } from './home.js';
import { personOfEvent } from './slack-person.js';
import { runCommand, type SlackTools } from './slack-tools.js';

/** The Home tab is opened: it shows what its person has shared, or how to connect an account. */
export async function onHomeOpened(
  tools: SlackTools,
  { event, body }: SlackEventMiddlewareArgs<'app_home_opened'> & AllMiddlewareArgs,
): Promise<void> {
  if (event.tab !== 'home') return;
  const person = personOfEvent(event.user, body);
  await runCommand(tools, replyAtHome(person), `slack:${body.event_id}`, async () =>
    withRules(tools, person, await history(tools.deps, person.profile)),
  );
}

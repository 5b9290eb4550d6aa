import { messages, parseView, type View } from './blocks-validation.js';
import { exchangeTrigger, type Interaction } from './interactions.js';
import { installationIn, type Installation } from './installations.js';
import { APP, PEOPLE, teamOf } from './people.js';
import { SlackError } from './slack-error.js';
import { newId, type SlackWorld } from './world.js';

const MAX_STACK = 3;

export interface OpenView {
  id: string;
  userId: string;
  hash: string;
  rootViewId: string;
  previousViewId: string | null;
  content: View;
  /** What `response_action: errors` said, by block id. */
  errors: Record<string, string>;
}

type Args = Record<string, unknown>;

/** views.open: a new stack for the person of the trigger. The view is judged before the trigger is spent. */
export function openView(world: SlackWorld, by: Installation, { trigger_id, view }: Args): OpenView {
  const content = parseView(view, 'modal');
  refuseTakenExternalId(world, by, content);
  const { userId, interactionId } = exchangeTrigger(world, by, trigger_id);
  world.modals.set(userId, []);
  return pushOnto(world, userId, content, world.interactions.get(interactionId));
}

/** views.push: on top of the person's open stack, three views at most. */
export function pushView(world: SlackWorld, by: Installation, { trigger_id, view }: Args): OpenView {
  const content = parseView(view, 'modal');
  refuseTakenExternalId(world, by, content);
  const { userId, interactionId } = exchangeTrigger(world, by, trigger_id);
  if (!stackOf(world, userId).length) throw new SlackError('not_found');
  return pushOnto(world, userId, content, world.interactions.get(interactionId));
}

/** views.update: only an open view, and only the version that `hash` names. */
export function updateView(
  world: SlackWorld,
  by: Installation,
  { view_id, external_id, hash, view }: Args,
): OpenView {
  const open = viewsFor(world, by).find((each) =>
    view_id === undefined ? each.content.external_id === external_id : each.id === view_id,
  );
  if (!open || (view_id ?? external_id) === undefined) throw new SlackError('not_found');
  const content = parseView(view, open.content.type);
  if (hash !== undefined && hash !== open.hash) throw new SlackError('hash_conflict');
  return replaceContent(world, open, content);
}

/** views.publish: the Home tab of one person. */
export function publishHome(world: SlackWorld, by: Installation, { user_id, hash, view }: Args): OpenView {
  const userId = String(user_id);
  const isKnown = PEOPLE.some(({ id, teamId }) => id === userId && by.teamIds.includes(teamId));
  if (!isKnown) throw new SlackError('user_not_found');
  const content = parseView(view, 'home');
  const home = world.homes.get(userId) ?? newView(world, userId, content, []);
  if (hash !== undefined && hash !== home.hash) throw new SlackError('hash_conflict');
  world.homes.set(userId, home);
  return replaceContent(world, home, content);
}

/** Applies the acknowledgement of a view_submission. @throws SlackError when Slack would refuse it */
export function applySubmissionAck(
  world: SlackWorld,
  open: OpenView,
  body: Args,
  interaction: Interaction,
): void {
  switch (body.response_action) {
    case undefined:
      world.modals.set(open.userId, stackOf(world, open.userId).slice(0, -1));
      return;
    case 'clear':
      world.modals.set(open.userId, []);
      return;
    case 'update':
      replaceContent(world, open, parseView(body.view, 'modal'));
      return;
    case 'push':
      pushOnto(world, open.userId, parseView(body.view, 'modal'), interaction);
      return;
    case 'errors':
      open.errors = inputErrors(open, body.errors);
      return;
    default:
      throw new SlackError('invalid_response_action');
  }
}

/** The person's open modals, the root first. */
export function stackOf(world: SlackWorld, userId: string): OpenView[] {
  return world.modals.get(userId) ?? [];
}

/** Every view on somebody's screen. */
export function allViews(world: SlackWorld): OpenView[] {
  return [...world.modals.values(), ...world.homes.values()].flat();
}

/** The view as payloads and answers carry it. */
export function viewObject(
  world: SlackWorld,
  open: OpenView,
  values: Record<string, unknown> = {},
): Record<string, unknown> {
  const { id: teamId } = teamOf(open.userId);
  const isOrgWide = installationIn(world, teamId)?.isEnterpriseInstall === true;
  return {
    id: open.id,
    team_id: teamId,
    app_id: APP.id,
    app_installed_team_id: isOrgWide ? world.enterprise?.id : teamId,
    bot_id: APP.botId,
    private_metadata: '',
    callback_id: '',
    external_id: '',
    title: null,
    submit: null,
    close: null,
    clear_on_close: false,
    notify_on_close: false,
    ...open.content,
    state: { values },
    hash: open.hash,
    root_view_id: open.rootViewId,
    previous_view_id: open.previousViewId,
  };
}

function pushOnto(
  world: SlackWorld,
  userId: string,
  content: View,
  interaction: Interaction | undefined,
): OpenView {
  const stack = stackOf(world, userId);
  if (stack.length >= MAX_STACK) throw new SlackError('push_limit_reached');
  const open = newView(world, userId, content, stack);
  world.modals.set(userId, [...stack, open]);
  interaction?.viewIds.push(open.id);
  return open;
}

function newView(world: SlackWorld, userId: string, content: View, stack: OpenView[]): OpenView {
  const id = newId('V');
  const rootViewId = stack[0]?.id ?? id;
  return {
    id,
    userId,
    hash: newHash(world),
    rootViewId,
    previousViewId: stack.at(-1)?.id ?? null,
    content,
    errors: {},
  };
}

function replaceContent(world: SlackWorld, open: OpenView, content: View): OpenView {
  return Object.assign(open, { content, hash: newHash(world), errors: {} });
}

function newHash(world: SlackWorld): string {
  return `${Math.floor(world.now() / 1000)}.${newId('').slice(0, 8).toLowerCase()}`;
}

function inputErrors(open: OpenView, errors: unknown): Record<string, string> {
  const named = Object.entries((errors ?? {}) as Record<string, string>);
  const known = open.content.blocks.filter((block) => block.type === 'input').map((block) => block.block_id);
  if (!named.length || !named.every(([blockId]) => known.includes(blockId))) {
    throw new SlackError('invalid_errors', messages('errors must name the block_id of an input block'));
  }
  return Object.fromEntries(named);
}

function viewsFor(world: SlackWorld, { teamIds }: Installation): OpenView[] {
  return allViews(world).filter((open) => teamIds.includes(teamOf(open.userId).id));
}

// "A custom identifier that must be unique for all views on a per-team basis."
function refuseTakenExternalId(world: SlackWorld, by: Installation, { external_id }: View): void {
  const isTaken = viewsFor(world, by).some((open) => external_id && open.content.external_id === external_id);
  if (isTaken) throw new SlackError('duplicate_external_id');
}

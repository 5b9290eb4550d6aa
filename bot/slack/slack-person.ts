import type {
  BlockAction,
  GlobalShortcut,
  MessageShortcut,
  SlashCommand,
  ViewSubmitAction,
} from '@slack/bolt';
import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';
import type { SlackWorkspace } from '../../core/ports.js';

/** A response_url takes five posts within 30 minutes of the act; a minute is kept back. */
const REPLY_POSTS = 5;
const REPLY_LIFETIME_MS = 29 * 60 * 1000;

/** Who did something in Slack, and in which workspace. */
export interface SlackPerson extends SlackWorkspace {
  profile: ChatProfile;
}

/** Where that is, as rules of workspaces are kept: the team, and its organisation if it has one. */
export function placesOf({ teamId, workspaceId }: SlackWorkspace): string[] {
  return [...new Set([teamId, workspaceId])];
}

/** Who typed a slash command. */
export function personOfCommand(command: SlashCommand): SlackPerson {
  const {
    user_id: userId,
    user_name: name,
    team_id: teamId,
    team_domain,
    enterprise_id,
    enterprise_name,
  } = command;
  const workspaceId = enterprise_id || teamId;
  return {
    teamId,
    workspaceId,
    profile: {
      platform: 'SLACK',
      workspaceId,
      userId,
      userName: `@${name}`,
      workspaceName: team_domain || enterprise_name || teamId,
    },
  };
}

/** Who pressed a button, used a shortcut or sent a form. In an organisation, user ids hold across its workspaces. */
export function personOfInteraction({
  user,
  team,
  enterprise,
}: BlockAction | ViewSubmitAction | MessageShortcut | GlobalShortcut): SlackPerson {
  const teamId = user.team_id ?? team?.id ?? '';
  const workspaceId = enterprise?.id || team?.enterprise_id || teamId;
  return {
    teamId,
    workspaceId,
    profile: {
      platform: 'SLACK',
      workspaceId,
      userId: user.id,
      userName: `@${nameOf(user)}`,
      workspaceName: team?.domain ?? enterprise?.name ?? teamId,
    },
  };
}

/** Who wrote to us or opened our Home tab. Events name nobody, and asking Slack for a name needs one more scope. */
export function personOfEvent(
  userId: string,
  { team_id: teamId, enterprise_id }: { team_id: string; enterprise_id?: string },
): SlackPerson {
  const workspaceId = enterprise_id || teamId;
  const about = { userName: `@${userId}`, workspaceName: teamId };
  return { teamId, workspaceId, profile: { platform: 'SLACK', workspaceId, userId, ...about } };
}

function nameOf(user: { id: string; name?: string; username?: string }): string {
  return user.name ?? user.username ?? user.id;
}

/** Where somebody is answered by a direct message: there is nothing to be edited. */
export function replyDirectly(person: SlackPerson): ChatReply {
  return { ...replyTo(person, ''), replyUntil: new Date(0), repliesLeft: 0 };
}

/** Where somebody is answered who has just done something. */
export function replyTo({ profile, teamId }: SlackPerson, responseUrl: string): ChatReply {
  const { platform, workspaceId, userId } = profile;
  return {
    platform,
    workspaceId,
    teamId,
    userId,
    language: 'en',
    replyHandle: responseUrl,
    replyUntil: new Date(Date.now() + REPLY_LIFETIME_MS),
    repliesLeft: REPLY_POSTS,
  };
}

import type { BlockAction, SlashCommand, ViewSubmitAction } from '@slack/bolt';
import type { ChatProfile, ChatReply } from '../../core/identities/chat-user.js';

/** A response_url takes five posts within 30 minutes of the act; a minute is kept back. */
const REPLY_POSTS = 5;
const REPLY_LIFETIME_MS = 29 * 60 * 1000;

/** Who did something in Slack, and in which workspace. */
export interface SlackPerson {
  profile: ChatProfile;
  teamId: string;
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
  return {
    teamId,
    profile: {
      platform: 'SLACK',
      workspaceId: enterprise_id || teamId,
      userId,
      userName: `@${name}`,
      workspaceName: team_domain || enterprise_name || teamId,
    },
  };
}

/** Who pressed a button or sent a form. In an organisation, user ids hold across its workspaces. */
export function personOfInteraction({ user, team, enterprise }: BlockAction | ViewSubmitAction): SlackPerson {
  const teamId = user.team_id ?? team?.id ?? '';
  const enterpriseId = enterprise?.id ?? team?.enterprise_id;
  return {
    teamId,
    profile: {
      platform: 'SLACK',
      workspaceId: enterpriseId || teamId,
      userId: user.id,
      userName: `@${user.name ?? user.id}`,
      workspaceName: team?.domain ?? enterprise?.name ?? teamId,
    },
  };
}

/** Where somebody is answered who has just done something. */
export function replyTo({ profile }: SlackPerson, responseUrl: string): ChatReply {
  const { platform, workspaceId, userId } = profile;
  return {
    platform,
    workspaceId,
    userId,
    language: 'en',
    replyHandle: responseUrl,
    replyUntil: new Date(Date.now() + REPLY_LIFETIME_MS),
    repliesLeft: REPLY_POSTS,
  };
}

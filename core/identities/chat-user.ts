import type { Platform } from '../../prisma/generated/enums.js';
import type { Language } from '../messages/messages.js';

/** Somebody on a platform, before we know whether an account is connected. */
export interface ChatUser {
  platform: Platform;
  /** Slack: enterprise id, or else team id. Empty on Discord, whose user ids are global. */
  workspaceId: string;
  userId: string;
}

/** Who somebody is to other people: shown where an account is connected. */
export interface ChatProfile extends ChatUser {
  userName: string;
  workspaceName: string;
}

/** Where and in which language the bot answers a chat sender, and for how long and how often it still may. */
export interface ChatReply extends ChatUser {
  /** Slack: the team whose app answers. Empty elsewhere. */
  teamId: string;
  language: Language;
  replyHandle: string;
  replyUntil: Date;
  repliesLeft: number;
}

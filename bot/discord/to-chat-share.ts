import path from 'node:path';
import type { Attachment, ChatInputCommandInteraction } from 'discord.js';
import type { ChatReply } from '../../core/identities/chat-user.js';
import type { ChatShare } from '../chat.js';
import { FILE_OPTIONS } from './commands.js';
import { personOf, placesOf } from './discord-person.js';

type File = Pick<Attachment, 'name' | 'size' | 'url'> & {
  title?: string | null | undefined;
  contentType?: string | null | undefined;
};

/** What somebody asked for with `/share`. The files are the very ones that they attached. */
export function toChatShare(interaction: ChatInputCommandInteraction, reply: ChatReply): ChatShare {
  const { id, options } = interaction;
  const lifetimeDays = options.getInteger('expires');
  return {
    person: personOf(interaction),
    requestKey: `discord:${id}`,
    entrance: 'DISCORD',
    emailsText: options.getString('emails') ?? '',
    files: describeFiles(filesOfCommand(interaction)),
    message: options.getString('message') ?? '',
    ...(lifetimeDays === null ? {} : { lifetimeDays }),
    places: placesOf(interaction),
    review: 'typed',
    reply,
  };
}

/** The files of `/share`, in the order of its options. */
export function filesOfCommand({ options }: ChatInputCommandInteraction): Attachment[] {
  return FILE_OPTIONS.map((name) => options.getAttachment(name)).filter((file) => file !== null);
}

/** Attachments as a share takes them. */
export function describeFiles(files: readonly File[]): ChatShare['files'] {
  return files.map((file) => ({
    name: originalName(file),
    sizeBytes: file.size,
    source: { kind: 'discord', url: file.url },
    ...(file.contentType ? { contentType: file.contentType } : {}),
  }));
}

/** Discord's file names are plain ASCII; the title keeps the name as it was, with its extension or without. */
function originalName({ name, title }: Pick<File, 'name' | 'title'>): string {
  if (!title) return name;
  const extension = path.extname(name);
  return title.toLowerCase().endsWith(extension.toLowerCase()) ? title : title + extension;
}

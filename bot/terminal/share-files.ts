import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../core/errors.js';
import type { ChatProfile } from '../../core/identities/chat-user.js';
import { findIdentity } from '../../core/identities/link-codes.js';
import { text } from '../../core/messages/messages.js';
import { revokeShare } from '../../core/shares/revoke-share.js';
import type { ChatShare } from '../chat.js';
import { share } from '../commands/share.js';
import { followShare } from './follow-share.js';
import { render, type Terminal, type TerminalDeps } from './terminal.js';
import { uploadFile } from './upload-file.js';

/**
 * `/share`: announces the files, uploads them and follows the share to its end. A share whose upload fails is
 * withdrawn. @returns the exit code: 0 when every mail has left @throws AppError as the neutral command, or `file.*`
 */
export async function shareFiles(
  deps: TerminalDeps,
  terminal: Terminal,
  person: ChatProfile,
  { emailsText, paths }: { emailsText: string; paths: readonly string[] },
): Promise<0 | 1> {
  const files = await Promise.all(paths.map(describeFile));
  const identity = await findIdentity(deps, person);
  if (!identity) {
    // A share kept until then would wait for an upload that never comes.
    terminal.write(text('chat.connect_first', {}, terminal.language));
    return 1;
  }
  const requestKey = `terminal:${randomUUID()}`;
  const wish: ChatShare = {
    person,
    requestKey,
    entrance: 'TERMINAL',
    emailsText,
    files,
    places: [],
    review: 'done',
  };
  const answer = await share(deps, wish);
  if (answer) {
    terminal.write(render(answer, terminal.language));
    return 1;
  }
  const { id: shareId, attachments } = await deps.db.share.findUniqueOrThrow({
    where: { requestKey },
    include: { attachments: { orderBy: { position: 'asc' } } },
  });
  try {
    for (const [index, attachment] of attachments.entries()) {
      await uploadFile(deps, identity.accountId, attachment.id, paths[index] ?? '');
    }
  } catch (error) {
    await revokeShare(deps, identity.accountId, shareId);
    throw error;
  }
  return followShare(deps, terminal, shareId);
}

/** @throws AppError where there is no such file, or it is something else */
async function describeFile(filePath: string): Promise<ChatShare['files'][number]> {
  const name = path.basename(filePath);
  const found = await stat(filePath).catch(() => null);
  if (!found) throw new AppError('invalid', 'file.missing', { name: filePath });
  if (!found.isFile()) throw new AppError('invalid', 'file.not_a_file', { name: filePath });
  return { name, sizeBytes: found.size, source: { kind: 'upload' } };
}

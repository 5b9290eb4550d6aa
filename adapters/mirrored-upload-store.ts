import { AppError } from '../core/errors.js';
import type { UploadStore } from '../core/ports.js';
import type { MemberHealth } from './member-health.js';

/**
 * Uploads of browsers, each with the first member that takes it; the worker copies what has landed to the others.
 * Which member that was stands before a slash in the upload's id.
 */
export function createMirroredUploadStore(
  members: readonly { name: string; uploads: UploadStore }[],
  health: MemberHealth,
): UploadStore {
  const locate = (id: string): [uploads: UploadStore, uploadId: string] => {
    const slash = id.indexOf('/');
    const member = members.find(({ name }) => name === id.slice(0, slash));
    if (!member) throw new AppError('not_found', 'share.not_found', {});
    return [member.uploads, id.slice(slash + 1)];
  };
  return {
    begin: (key) =>
      health.firstOf(members, async ({ name, uploads }) => {
        const { uploadId } = await uploads.begin(key);
        return { uploadId: `${name}/${uploadId}` };
      }),

    async signPart(key, id, partNumber, sizeBytes) {
      const [uploads, uploadId] = locate(id);
      return uploads.signPart(key, uploadId, partNumber, sizeBytes);
    },

    async listParts(key, id) {
      const [uploads, uploadId] = locate(id);
      return uploads.listParts(key, uploadId);
    },

    async complete(key, id, parts) {
      const [uploads, uploadId] = locate(id);
      return uploads.complete(key, uploadId, parts);
    },

    async abort(key, id) {
      const [uploads, uploadId] = locate(id);
      await uploads.abort(key, uploadId);
    },
  };
}

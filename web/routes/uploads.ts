import { Router, type NextFunction, type Request } from 'express';
import * as z from 'zod';
import { AppError } from '../../core/errors.js';
import { createShare } from '../../core/shares/create-share.js';
import { getShare } from '../../core/shares/list-shares.js';
import { emailKey, parseRecipients } from '../../core/shares/recipients.js';
import { checkShareForm, type ShareRequest } from '../../core/shares/share-request.js';
import {
  abortUpload,
  beginUpload,
  completeUpload,
  listUploadParts,
  signUploadPart,
} from '../../core/shares/upload.js';
import type { WebDeps } from '../deps.js';
import { parseBody } from '../forms.js';
import { requireConfirmed } from '../middleware/account.js';

const MAX_PARTS = 10_000;
const nothing = z.strictObject({});
const part = z.strictObject({ partNumber: z.int().min(1).max(MAX_PARTS), sizeBytes: z.int().positive() });
const completion = z.strictObject({ etags: z.array(z.string().min(1).max(100)).min(1).max(MAX_PARTS) });
const newShare = z.strictObject({
  formId: z.uuid(),
  emails: z.string().max(4_000),
  message: z.string().max(20_000),
  lifetimeDays: z.int(),
  files: z
    .array(
      z.strictObject({
        name: z.string().max(4_096),
        contentType: z.string().max(255),
        sizeBytes: z.int().min(0),
      }),
    )
    .max(100),
});

/** What the browser calls as it uploads: the rows first, then each file in parts, straight to storage. */
export function uploadRoutes(deps: WebDeps): Router {
  const router = Router();

  router.post('/shares', requireJson, async (req, res) => {
    const { id } = requireConfirmed(req);
    const { formId, emails, files, ...rest } = parseBody(newShare, req.body);
    const request: ShareRequest = {
      ...rest,
      entrance: 'PORTAL',
      requestKey: `portal:${formId}`,
      emails: [emails],
      files: files.map((file) => ({
        ...file,
        contentType: file.contentType || 'application/octet-stream',
        source: { kind: 'upload' },
      })),
    };
    checkShareForm(request, deps.limits);
    const { shareId, isRepeat } = await createShare(deps, id, request);
    const twice = listedTwice(emails);
    if (twice.length > 0) req.session.listedTwice = { shareId, emails: twice };
    const share = await getShare(deps.db, id, shareId);
    const attachments = share.files.map(({ attachmentId, name }) => ({ attachmentId, name }));
    res.status(isRepeat ? 200 : 201).json({ shareId, attachments });
  });

  router.post('/uploads/:attachmentId/begin', requireJson, async (req, res) => {
    parseBody(nothing, req.body);
    await beginUpload(deps, requireConfirmed(req).id, req.params.attachmentId);
    res.json({});
  });

  router.post('/uploads/:attachmentId/parts', requireJson, async (req, res) => {
    const wanted = parseBody(part, req.body);
    res.json({ url: await signUploadPart(deps, requireConfirmed(req).id, req.params.attachmentId, wanted) });
  });

  router.get('/uploads/:attachmentId/parts', async (req, res) => {
    const parts = await listUploadParts(deps, requireConfirmed(req).id, req.params.attachmentId);
    res.json({ isComplete: parts === null, parts: parts ?? [] });
  });

  router.post('/uploads/:attachmentId/complete', requireJson, async (req, res) => {
    const { etags } = parseBody(completion, req.body);
    const parts = etags.map((etag, index) => ({ partNumber: index + 1, etag }));
    await completeUpload(deps, requireConfirmed(req).id, req.params.attachmentId, parts);
    res.json({});
  });

  router.post('/uploads/:attachmentId/abort', requireJson, async (req, res) => {
    parseBody(nothing, req.body);
    await abortUpload(deps, requireConfirmed(req).id, req.params.attachmentId);
    res.json({});
  });

  return router;
}

/** The addresses that a text names more than once, as they are mailed to. */
function listedTwice(text: string): string[] {
  const { emails, duplicates } = parseRecipients(text);
  const keys = new Set(duplicates.map(emailKey));
  return emails.filter((email) => keys.has(emailKey(email)));
}

/** A form of another site can send text that looks like JSON, but not under this type. */
function requireJson(req: Pick<Request, 'is'>, _res: unknown, next: NextFunction): void {
  if (!req.is('application/json')) throw new AppError('invalid', 'request.malformed', {});
  next();
}

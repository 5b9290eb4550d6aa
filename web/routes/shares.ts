import { Router } from 'express';
import * as z from 'zod';
import { findResendable, resendMail } from '../../core/deliveries/resend.js';
import { mintToken } from '../../core/links/tokens.js';
import { getShare, listShares, signOwnDownload, type ShareSummary } from '../../core/shares/list-shares.js';
import { displayEmail } from '../../core/shares/recipients.js';
import { deleteShare, revokeRecipient, revokeShare } from '../../core/shares/revoke-share.js';
import { text } from '../../core/messages/messages.js';
import type { Account } from '../../prisma/generated/client.js';
import type { WebDeps } from '../deps.js';
import { parseBody } from '../forms.js';
import { requireAccount, requireConfirmed } from '../middleware/account.js';
import { csrfToken } from '../middleware/csrf.js';
import { sendPage } from '../page.js';
import { seeOther } from '../session.js';
import { historyPage } from '../views/history-page.js';
import { shareFormPage } from '../views/share-form-page.js';
import { sharePage } from '../views/share-page.js';
import { shareStatuses } from '../views/share-status.js';

const MAX_PAGE = 10_000;
const nothing = z.strictObject({});
const pageNumber = z.coerce.number().int().min(1).max(MAX_PAGE).catch(1);

/** The form, the history, one share, and what its sender may do with it. Somebody else's share is not found. */
export function shareRoutes(deps: WebDeps): Router {
  const router = Router();
  const resendableBy = (account: Account, share: ShareSummary): string[] =>
    account.pausedAt ? [] : findResendable(share, deps.timings);

  router.get('/shares/new', (req, res) => {
    requireConfirmed(req);
    sendPage(deps, req, res, shareFormPage(deps.limits));
  });

  router.get('/shares', async (req, res) => {
    const { id } = requireAccount(req);
    const page = pageNumber.parse(req.query['page'] ?? 1);
    sendPage(deps, req, res, historyPage(await listShares(deps.db, id, page), page));
  });

  router.get('/shares/:shareId', async (req, res) => {
    const account = requireAccount(req);
    const share = await getShare(deps.db, account.id, req.params.shareId);
    const { listedTwice } = req.session;
    if (listedTwice?.shareId === share.shareId) {
      req.session.note ??= listedTwice.emails
        .map((email) => text('chat.listed_twice', { address: displayEmail(email) }))
        .join(' ');
      delete req.session.listedTwice;
    }
    const linkFor = (recipientId: string) =>
      `${deps.portalUrl}/l/${mintToken(deps.linkSecrets, 'link', recipientId)}`;
    const resendable = resendableBy(account, share);
    sendPage(deps, req, res, sharePage(share, { csrfToken: csrfToken(req), linkFor, resendable }));
  });

  router.get('/shares/:shareId/state', async (req, res) => {
    const account = requireAccount(req);
    const share = await getShare(deps.db, account.id, req.params.shareId);
    res.json(shareStatuses(share, resendableBy(account, share)));
  });

  router.post('/shares/:shareId/revoke', async (req, res) => {
    parseBody(nothing, req.body);
    await revokeShare(deps, requireAccount(req).id, req.params.shareId);
    req.session.note = text('note.withdrawn', {});
    await seeOther(req, res, `/shares/${req.params.shareId}`);
  });

  router.post('/shares/:shareId/delete', async (req, res) => {
    parseBody(nothing, req.body);
    await deleteShare(deps, requireAccount(req).id, req.params.shareId);
    req.session.note = text('note.deleted', {});
    await seeOther(req, res, '/shares');
  });

  router.post('/shares/:shareId/recipients/:recipientId/revoke', async (req, res) => {
    parseBody(nothing, req.body);
    const { shareId, recipientId } = req.params;
    await revokeRecipient(deps, requireAccount(req).id, shareId, recipientId);
    req.session.note = text('note.link_withdrawn', {});
    await seeOther(req, res, `/shares/${shareId}`);
  });

  router.post('/shares/:shareId/recipients/:recipientId/resend', async (req, res) => {
    parseBody(nothing, req.body);
    const { shareId, recipientId } = req.params;
    await resendMail(deps, requireAccount(req).id, shareId, recipientId);
    req.session.note = text('note.mail_again', {});
    await seeOther(req, res, `/shares/${shareId}`);
  });

  router.post('/shares/:shareId/files/:attachmentId/download', async (req, res) => {
    parseBody(nothing, req.body);
    const { shareId, attachmentId } = req.params;
    res.redirect(303, await signOwnDownload(deps, requireAccount(req).id, shareId, attachmentId));
  });

  return router;
}

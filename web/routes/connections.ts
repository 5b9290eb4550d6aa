import { Router } from 'express';
import * as z from 'zod';
import {
  approveLinkCode,
  getLinkCode,
  PLATFORM_NAMES,
  refuseLinkCode,
  unlinkIdentity,
} from '../../core/identities/link-codes.js';
import { text } from '../../core/messages/messages.js';
import type { WebDeps } from '../deps.js';
import { orShowAgain, parseBody } from '../forms.js';
import { requireAccount, requireConfirmed } from '../middleware/account.js';
import { csrfToken } from '../middleware/csrf.js';
import { sendPage } from '../page.js';
import { rotateSession, seeOther } from '../session.js';
import { connectionsPage, connectPage } from '../views/connection-pages.js';

const approval = z.strictObject({ password: z.string().max(256) });
const nothing = z.strictObject({});

/** Which chat identities share from an account, and letting one: approved here, then confirmed in chat. */
export function connectionRoutes(deps: WebDeps): Router {
  const router = Router();

  router.get('/connections', async (req, res) => {
    const { id: accountId } = requireAccount(req);
    const identities = await deps.db.chatIdentity.findMany({
      where: { accountId },
      orderBy: { createdAt: 'asc' },
    });
    sendPage(deps, req, res, connectionsPage(identities, csrfToken(req)));
  });

  router.post('/connections/:identityId/disconnect', async (req, res) => {
    parseBody(nothing, req.body);
    await unlinkIdentity(deps, requireAccount(req).id, req.params.identityId);
    req.session.note = text('note.disconnected', {});
    await seeOther(req, res, '/connections');
  });

  router.get('/connect/:token', async (req, res) => {
    const { email } = requireConfirmed(req);
    const code = await getLinkCode(deps, req.params.token);
    sendPage(deps, req, res, connectPage(code, { email, csrfToken: csrfToken(req), path: req.path }));
  });

  router.post('/connect/:token', async (req, res) => {
    const { id, email } = requireConfirmed(req);
    const form = parseBody(approval, req.body);
    const work = async () => {
      const { platform } = await approveLinkCode(deps, req.params.token, id, form.password);
      await rotateSession(req);
      const name = PLATFORM_NAMES[platform];
      req.session.note = text('note.confirm_in_chat', { platform: name });
      await seeOther(req, res, '/connections');
    };
    await orShowAgain(res, work, async (errors) => {
      const code = await getLinkCode(deps, req.params.token);
      sendPage(
        deps,
        req,
        res,
        connectPage(code, { email, csrfToken: csrfToken(req), path: req.path, errors }),
      );
    });
  });

  router.post('/connect/:token/refuse', async (req, res) => {
    parseBody(nothing, req.body);
    requireAccount(req);
    const { id } = await getLinkCode(deps, req.params.token);
    await refuseLinkCode(deps, id);
    req.session.note = text('note.not_connected', {});
    await seeOther(req, res, '/connections');
  });

  return router;
}

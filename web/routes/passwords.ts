import { Router } from 'express';
import * as z from 'zod';
import { checkReset, requestReset, resetPassword } from '../../core/accounts/reset-password.js';
import { html, type Html } from '../../core/html.js';
import { text } from '../../core/messages/messages.js';
import { clientAddress } from '../client-address.js';
import type { WebDeps } from '../deps.js';
import { orShowAgain, parseBody } from '../forms.js';
import { csrfToken } from '../middleware/csrf.js';
import { sendPage } from '../page.js';
import { renewSession, seeOther } from '../session.js';
import { takeAtLeast } from '../take-at-least.js';
import { checkMailPage, forgotPage, resetPage } from '../views/account-pages.js';

const forgot = z.strictObject({ email: z.string().max(254) });
const reset = z.strictObject({ password: z.string().max(256) });

/** Choosing another password, by a link that is mailed. */
export function passwordRoutes(deps: WebDeps): Router {
  const router = Router();

  router.get('/forgot', (req, res) => {
    sendPage(deps, req, res, forgotPage({ csrfToken: csrfToken(req) }));
  });

  router.post('/forgot', async (req, res) => {
    const { email } = parseBody(forgot, req.body);
    const work = async () => {
      await deps.rates.consume('account-mail', clientAddress(req));
      await takeAtLeast(requestReset(deps, email));
      const words = (address: Html) => html`If ${address} has an account, a link is on its way to it.`;
      sendPage(deps, req, res, checkMailPage(words, email.trim(), '/forgot'));
    };
    await orShowAgain(res, work, (errors) => {
      sendPage(deps, req, res, forgotPage({ csrfToken: csrfToken(req), errors }));
    });
  });

  router.get('/reset/:token', async (req, res) => {
    await checkReset(deps, req.params.token);
    sendPage(deps, req, res, resetPage({ csrfToken: csrfToken(req) }));
  });

  router.post('/reset/:token', async (req, res) => {
    const form = parseBody(reset, req.body);
    const work = async () => {
      await resetPassword(deps, req.params.token, form.password);
      // The use-case ended the account's sessions; where this one was among them, the note needs another.
      await renewSession(req);
      req.session.note = text('note.password_changed', {});
      await seeOther(req, res, '/sign-in');
    };
    await orShowAgain(res, work, (errors) => {
      sendPage(deps, req, res, resetPage({ csrfToken: csrfToken(req), errors }));
    });
  });

  return router;
}

import { Router } from 'express';
import * as z from 'zod';
import { authenticate } from '../../core/accounts/authenticate.js';
import { checkConfirmation, confirmAddress } from '../../core/accounts/confirm-address.js';
import { registerAccount } from '../../core/accounts/register.js';
import { registration } from '../../core/accounts/registration.js';
import { oweMail } from '../../core/deliveries/owe-mail.js';
import { html, type Html } from '../../core/html.js';
import { text } from '../../core/messages/messages.js';
import { clientAddress } from '../client-address.js';
import type { WebDeps } from '../deps.js';
import { orShowAgain, parseBody } from '../forms.js';
import { requireAccount } from '../middleware/account.js';
import { csrfToken } from '../middleware/csrf.js';
import { sendPage } from '../page.js';
import { safePath } from '../safe-path.js';
import { renewSession, seeOther, startSession } from '../session.js';
import { takeAtLeast } from '../take-at-least.js';
import { checkMailPage, confirmPage, registerPage, signInPage } from '../views/account-pages.js';

const MAX_EMAIL_LENGTH = 254;
/** argon2 takes any length; this bounds its work before it starts. */
const password = z.string().max(256);
const signIn = z.strictObject({
  email: z.string().max(MAX_EMAIL_LENGTH),
  password,
  next: z.string().default(''),
});
const confirmation = z.strictObject({ password });
const nothing = z.strictObject({});

/** Becoming an account, and signing in and out. No answer tells whether an address has an account. */
export function accountRoutes(deps: WebDeps): Router {
  const router = Router();

  router.get('/register', (req, res) => {
    sendPage(deps, req, res, registerPage({ csrfToken: csrfToken(req) }));
  });

  router.post('/register', async (req, res) => {
    const form = parseBody(registration, req.body);
    const work = async () => {
      await deps.rates.consume('account-mail', clientAddress(req));
      await takeAtLeast(registerAccount(deps, form));
      const words = (address: Html) => html`We sent a link to ${address}. Open it to confirm your address.`;
      sendPage(deps, req, res, checkMailPage(words, form.email.trim(), '/register'));
    };
    await orShowAgain(res, work, (errors) => {
      const values = { firstName: form.firstName, lastName: form.lastName, email: form.email };
      sendPage(deps, req, res, registerPage({ csrfToken: csrfToken(req), errors, values }));
    });
  });

  router.get('/confirm/:token', async (req, res) => {
    await checkConfirmation(deps, req.params.token);
    sendPage(deps, req, res, confirmPage({ csrfToken: csrfToken(req) }));
  });

  router.post('/confirm/:token', async (req, res) => {
    const form = parseBody(confirmation, req.body);
    const work = async () => {
      await confirmAddress(deps, req.params.token, form.password);
      req.session.note = text('note.address_confirmed', {});
      await seeOther(req, res, req.account ? '/' : '/sign-in');
    };
    await orShowAgain(res, work, (errors) => {
      sendPage(deps, req, res, confirmPage({ csrfToken: csrfToken(req), errors }));
    });
  });

  router.post('/confirm-again', async (req, res) => {
    parseBody(nothing, req.body);
    const { id, email, confirmedAt } = requireAccount(req);
    if (!confirmedAt) {
      await deps.rates.consume('account-mail', clientAddress(req));
      await oweMail(deps, { kind: 'CONFIRM_ADDRESS', accountId: id, email });
      req.session.note = text('note.mail_again', {});
    }
    await seeOther(req, res, '/shares/new');
  });

  router.get('/sign-in', (req, res) => {
    const next = safePath(req.query['next']);
    if (req.account) res.redirect(303, next);
    else sendPage(deps, req, res, signInPage({ csrfToken: csrfToken(req), values: { next } }));
  });

  router.post('/sign-in', async (req, res) => {
    const form = parseBody(signIn, req.body);
    const work = async () => {
      const account = await authenticate(deps, form.email, form.password, clientAddress(req));
      await startSession(req, account);
      await seeOther(req, res, safePath(form.next));
    };
    await orShowAgain(res, work, (errors) => {
      const values = { next: form.next, email: form.email };
      sendPage(deps, req, res, signInPage({ csrfToken: csrfToken(req), errors, values }));
    });
  });

  router.post('/sign-out', async (req, res) => {
    parseBody(nothing, req.body);
    await renewSession(req);
    res.redirect(303, '/');
  });

  return router;
}

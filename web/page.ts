import type { Request, Response } from 'express';
import type { SessionData } from 'express-session';
import type { Html } from '../core/html.js';
import type { WebDeps } from './deps.js';
import { csrfToken } from './middleware/csrf.js';
import { layout } from './views/layout.js';

/** One page, without what all pages share. */
export interface Page {
  title: string;
  body: Html;
  /** Names of browser scripts, for example `upload.js`. */
  scripts?: readonly string[];
}

/** Answers with a page in the common layout, under the status that is set. */
export function sendPage(deps: Pick<WebDeps, 'assets'>, req: Request, res: Response, page: Page): void {
  // Recipients' pages have no session.
  const session = req.session as Partial<SessionData> | undefined;
  const note = session?.note;
  if (session) delete session.note;
  const markup = layout({
    ...page,
    assets: deps.assets,
    path: req.path,
    note,
    viewer: req.account ? { email: req.account.email, csrfToken: csrfToken(req) } : null,
  });
  res.type('html').send(markup.markup);
}

import express, { type Request, type Response, type Router } from 'express';

import { decide, readAuthorizeRequest, type AuthorizeRequest } from './oauth.js';
import { APP, PEOPLE, TEAMS, type Person, type Team } from './people.js';
import { SlackError } from './slack-error.js';
import type { SlackWorld } from './world.js';

const PATH = '/oauth/v2/authorize';

/** Slack's page before an installation, where somebody allows or refuses it. */
export function createOauthPages(world: SlackWorld): Router {
  const router = express.Router();
  router.get(PATH, (request, response) => {
    answer(response, () => response.send(page(form(world, requested(world, request)))));
  });
  router.post(PATH, express.urlencoded({ extended: false }), (request, response) => {
    const { userId = '', decision, isEnterpriseInstall } = request.body as Record<string, string>;
    answer(response, () => {
      const decided = { isAllowed: decision === 'allow', isEnterpriseInstall: isEnterpriseInstall === 'on' };
      response.redirect(decide(world, requested(world, request), { userId, ...decided }));
    });
  });
  return router;
}

// Slack shows what is wrong to the person: nobody is sent to an address that may be somebody else's.
function answer(response: Response, run: () => void): void {
  response.type('html');
  try {
    run();
  } catch (error) {
    const text = error instanceof SlackError ? error.code : String(error);
    response.status(400).send(page(`<h1>Something went wrong</h1><p>${escaped(text)}</p>`));
  }
}

// The form posts to its own address, so that both requests are judged by one query.
function requested(world: SlackWorld, request: Request): AuthorizeRequest {
  return readAuthorizeRequest(world, new URL(request.originalUrl, world.url).searchParams);
}

function form(world: SlackWorld, { scopes, teamId }: AuthorizeRequest): string {
  const chosen = PEOPLE.find((person) => person.teamId === teamId) ?? PEOPLE[0];
  const people = PEOPLE.map((person) => choice(person, person === chosen)).join('');
  const orgWide = world.enterprise
    ? `<p><label><input type="checkbox" name="isEnterpriseInstall"> For all of ${escaped(world.enterprise.name)}</label></p>`
    : '';
  return `<h1>${APP.displayName} asks to be installed</h1>
<p>It would be able to use:</p><ul>${scopes.map((scope) => `<li>${escaped(scope)}</li>`).join('')}</ul>
<form method="post"><fieldset><legend>Who are you?</legend>${people}</fieldset>${orgWide}
<button name="decision" value="allow">Allow</button> <button name="decision" value="cancel">Cancel</button></form>`;
}

function choice({ id, realName, teamId }: Person, isChosen: boolean): string {
  const team: Team | undefined = TEAMS.find((each) => each.id === teamId);
  const input = `<input type="radio" name="userId" value="${id}"${isChosen ? ' checked' : ''}>`;
  return `<p><label>${input} ${escaped(realName)} (${escaped(team?.name ?? '')})</label></p>`;
}

function page(body: string): string {
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Slack (local)</title><body>${body}</body></html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

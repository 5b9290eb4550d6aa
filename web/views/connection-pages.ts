import { html, type Html } from '../../core/html.js';
import { PLATFORM_NAMES } from '../../core/identities/link-codes.js';
import type { ChatIdentity, LinkCode } from '../../prisma/generated/client.js';
import type { FormErrors } from '../forms.js';
import type { Page } from '../page.js';
import { formAlert, textField } from './fields.js';
import { csrfField } from './layout.js';
import { time } from './time.js';

type Person = Pick<ChatIdentity, 'platform' | 'userName' | 'workspaceName'>;

/** The chat identities of an account, each with its way out. */
export function connectionsPage(identities: readonly ChatIdentity[], csrfToken: string): Page {
  return {
    title: 'Connections',
    scripts: ['times.js'],
    body: html`<h1>Connections</h1>
      <p class="lead">These people in chat share files from your account.</p>
      ${
        identities.length === 0
          ? html`<section class="card centred">
              <p>
                Nothing is connected. Type <kbd>/share connect</kbd> in Slack, or
                <kbd>/passalong connect</kbd> in Discord, to begin.
              </p>
            </section>`
          : html`<ul class="people card">
                ${identities.map((identity) => item(identity, csrfToken))}
              </ul>
              <p class="hint">
                Another one? Type <kbd>/share connect</kbd> in Slack, or <kbd>/passalong connect</kbd> in
                Discord.
              </p>`
      }`,
  };
}

/** Names who would share from whose account, before anything is approved. */
export function connectPage(
  code: LinkCode,
  parts: { email: string; csrfToken: string; path: string; errors?: FormErrors },
): Page {
  const { email, csrfToken, path, errors = {} } = parts;
  const password = {
    name: 'password',
    label: 'Your password',
    type: 'password',
    autocomplete: 'current-password',
  } as const;
  return {
    title: 'Connect chat',
    body: html`<section class="card narrow">
      <h1>Connect ${PLATFORM_NAMES[code.platform]}</h1>
      <p class="lead">You will let ${personName(code)} share from your account <strong>${email}</strong>.</p>
      <p>
        Is that you? Whatever this person shares is sent in your name and charged to you. If you did not ask
        for this a moment ago, refuse.
      </p>
      ${formAlert(errors)}
      <form method="post" action="${path}">
        ${csrfField(csrfToken)}
        ${textField({ ...password, hint: `Afterwards, confirm once more in ${PLATFORM_NAMES[code.platform]}.` }, errors)}
        <button>Approve</button>
      </form>
      <form method="post" action="${path}/refuse">
        ${csrfField(csrfToken)}<button class="quiet">This isn't me</button>
      </form>
    </section>`,
  };
}

function item(identity: ChatIdentity, csrfToken: string): Html {
  const label = `Disconnect ${identity.userName}`;
  return html`<li class="headline">
    <div>
      ${personName(identity)}
      <p class="hint">since ${time(identity.createdAt, 'day')}</p>
    </div>
    <form method="post" action="/connections/${identity.id}/disconnect">
      ${csrfField(csrfToken)}<button class="quiet small" aria-label="${label}">Disconnect</button>
    </form>
  </li>`;
}

/** `@mallory in Acme (Slack)`. The bots put the `@` before a name, the terminal does not; Discord may name no guild. */
function personName({ platform, userName, workspaceName }: Person): Html {
  const platformName = PLATFORM_NAMES[platform];
  const isNamed = workspaceName !== '' && workspaceName !== platformName;
  const where = isNamed && html` in <strong><bdi>${workspaceName}</bdi></strong>`;
  return html`<strong><bdi>${userName.replace(/^@?/, '@')}</bdi></strong
    >${where} (${platformName})`;
}

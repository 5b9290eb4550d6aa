import { html, type Html } from '../../core/html.js';
import type { FormErrors } from '../forms.js';
import type { Page } from '../page.js';
import { formAlert, textField } from './fields.js';
import { csrfField } from './layout.js';

export interface FormState {
  csrfToken: string;
  errors?: FormErrors;
  values?: Readonly<Record<string, string>>;
}

export function registerPage({ csrfToken, errors = {}, values = {} }: FormState): Page {
  const name = (field: string, label: string, autocomplete: string) =>
    textField({ name: field, label, autocomplete, value: values[field] ?? '' }, errors);
  return {
    title: 'Create an account',
    body: html`<section class="card narrow">
      <h1>Create an account</h1>
      ${formAlert(errors)}
      <form method="post" action="/register">
        ${csrfField(csrfToken)}
        <div class="pair">
          ${name('firstName', 'First name', 'given-name')}${name('lastName', 'Last name', 'family-name')}
        </div>
        ${textField({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'email', value: values['email'] ?? '' }, errors)}
        ${newPasswordField(errors)}
        <button>Create account</button>
      </form>
      <p class="aside">You have one already? <a href="/sign-in">Sign in</a></p>
    </section>`,
  };
}

export function signInPage({ csrfToken, errors = {}, values = {} }: FormState): Page {
  const email = {
    name: 'email',
    label: 'E-mail address',
    autocomplete: 'username',
    value: values['email'] ?? '',
  };
  return {
    title: 'Sign in',
    body: html`<section class="card narrow">
      <h1>Sign in</h1>
      ${formAlert(errors)}
      <form method="post" action="/sign-in">
        ${csrfField(csrfToken)}
        <input type="hidden" name="next" value="${values['next'] ?? ''}" />
        ${textField({ ...email, type: 'email' }, errors)} ${passwordField('Password', errors)}
        <button>Sign in</button>
      </form>
      <p class="aside">
        <a href="/forgot">Forgot the password?</a> <a href="/register">Create an account</a>
      </p>
    </section>`,
  };
}

/**
 * The same after every registration and every request for a reset, whoever the address belongs to. It names the
 * address, so that a typo is seen, and leads back to the form.
 */
export function checkMailPage(text: (address: Html) => Html, email: string, path: string): Page {
  return {
    title: 'Check your mail',
    body: html`<section class="card narrow centred">
      <h1>Check your mail</h1>
      <p>${text(html`<strong class="address">${email}</strong>`)}</p>
      <p class="hint">
        Nothing there after a few minutes? Look into the spam folder, or <a href="${path}">try again</a>.
      </p>
    </section>`,
  };
}

export function confirmPage({ csrfToken, errors = {} }: FormState): Page {
  return {
    title: 'Confirm your address',
    body: html`<section class="card narrow">
      <h1>Confirm your address</h1>
      <p>Enter the password that you chose when you created the account.</p>
      ${formAlert(errors)}
      <form method="post">
        ${csrfField(csrfToken)} ${passwordField('Password', errors)}
        <button>Confirm my address</button>
      </form>
    </section>`,
  };
}

export function forgotPage({ csrfToken, errors = {} }: FormState): Page {
  return {
    title: 'Forgot the password',
    body: html`<section class="card narrow">
      <h1>Forgot the password?</h1>
      <p>We mail you a link with which you choose a new one.</p>
      ${formAlert(errors)}
      <form method="post" action="/forgot">
        ${csrfField(csrfToken)}
        ${textField({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username' }, errors)}
        <button>Send me the link</button>
      </form>
    </section>`,
  };
}

export function resetPage({ csrfToken, errors = {} }: FormState): Page {
  return {
    title: 'Choose a new password',
    body: html`<section class="card narrow">
      <h1>Choose a new password</h1>
      ${formAlert(errors)}
      <form method="post">
        ${csrfField(csrfToken)} ${newPasswordField(errors)}
        <button>Set the password</button>
      </form>
      <p class="hint">You will be signed out everywhere.</p>
    </section>`,
  };
}

/** For an account that may sign in and do nothing else yet. */
export function confirmFirstPage(email: string, csrfToken: string): Page {
  return {
    title: 'Confirm your address first',
    body: html`<section class="card narrow centred">
      <h1>Confirm your address first</h1>
      <p>
        We sent a mail to <strong>${email}</strong>. Open the link in it, and you can share files and connect
        chat.
      </p>
      <form method="post" action="/confirm-again">
        ${csrfField(csrfToken)}<button>Send the mail again</button>
      </form>
    </section>`,
  };
}

function passwordField(label: string, errors: FormErrors) {
  return textField({ name: 'password', label, type: 'password', autocomplete: 'current-password' }, errors);
}

function newPasswordField(errors: FormErrors) {
  const hint = 'At least 12 characters. A few words that do not belong together make a good one.';
  return textField(
    { name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', hint },
    errors,
  );
}

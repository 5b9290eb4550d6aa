import type { MailService } from '../core/mail-service.js';
import type { Mailer } from '../core/ports.js';
import { createSesMailer } from './ses-mailer.js';
import { createSmtpMailer } from './smtp-mailer.js';

/** The mailer of whichever service is configured. */
export function createMailer(service: MailService): Mailer {
  return service.kind === 'ses' ? createSesMailer(service) : createSmtpMailer(service);
}

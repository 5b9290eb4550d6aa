import * as z from 'zod';
import { AppError, FieldErrors } from '../errors.js';
import type { PasswordHasher } from '../ports.js';
import { normaliseEmail } from '../shares/recipients.js';

const MAX_NAME_LENGTH = 80;
const MIN_PASSWORD_LENGTH = 12;
/** argon2 takes any length; this bounds its work. */
const MAX_PASSWORD_LENGTH = 128;

// Control, direction and zero-width characters, and what could open a tag or an address in a mail header.
// eslint-disable-next-line no-control-regex -- these are what is taken out
const UNSAFE_IN_NAME = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u200B-\u200F\u202A-\u202E\u2060-\u2069<>"]/g;

export const registration = z.strictObject({
  firstName: z.string(),
  lastName: z.string(),
  email: z.string(),
  password: z.string(),
});

export type Registration = z.infer<typeof registration>;

/** The form with trimmed names and a normal address. @throws FieldErrors for every wrong field at once */
export async function checkRegistration(
  passwords: PasswordHasher,
  form: Registration,
): Promise<Registration> {
  const firstName = cleanName(form.firstName);
  const lastName = cleanName(form.lastName);
  const email = normaliseEmail(form.email.trim());
  const fields: Record<string, AppError> = {};
  for (const [field, name] of Object.entries({ firstName, lastName })) {
    if (name === '') fields[field] = new AppError('invalid', 'account.name_missing', {});
    if (name.length > MAX_NAME_LENGTH) {
      fields[field] = new AppError('invalid', 'account.name_too_long', { max: MAX_NAME_LENGTH });
    }
  }
  if (!email) fields['email'] = new AppError('invalid', 'account.email_malformed', {});
  const weakness = await findWeakness(passwords, form.password, [
    firstName,
    lastName,
    form.email.split('@')[0] ?? '',
  ]);
  if (weakness) fields['password'] = weakness;
  if (!email || Object.keys(fields).length > 0) throw new FieldErrors(fields);
  return { firstName, lastName, email, password: form.password };
}

/**
 * What is wrong with a new password, or null: length and lists, no rules of composition (OWASP ASVS 5.0, 6.2).
 * `words` are the person's own: none may make up most of the password.
 */
export async function findWeakness(
  passwords: PasswordHasher,
  password: string,
  words: readonly string[],
): Promise<AppError | null> {
  const { length } = password;
  if (length < MIN_PASSWORD_LENGTH)
    return new AppError('invalid', 'account.password_short', { min: MIN_PASSWORD_LENGTH });
  if (length > MAX_PASSWORD_LENGTH)
    return new AppError('invalid', 'account.password_long', { max: MAX_PASSWORD_LENGTH });
  const key = password.toLowerCase();
  const isPersonal = [...words, 'passalong'].some((word) => {
    return word.length >= 4 && key.replaceAll(word.toLowerCase(), '').length < length / 2;
  });
  const isRepetitive = new Set(key).size < 5;
  const isWeak = isPersonal || isRepetitive || (await passwords.isCommon(password));
  return isWeak ? new AppError('invalid', 'account.password_common', {}) : null;
}

function cleanName(name: string): string {
  return name.replace(UNSAFE_IN_NAME, ' ').replace(/\s+/g, ' ').trim();
}

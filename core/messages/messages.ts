import { de } from './de.js';
import { en, type MessageCode, type MessageParams } from './en.js';

/** Every sentence in one language; a missing one does not compile. */
export type Catalogue = { readonly [C in MessageCode]: (params: MessageParams<C>) => string };

/** The languages of chat, by their primary tag (BCP 47). Another one is one more file. */
export const catalogues = { en, de } as const satisfies Record<string, Catalogue>;

export type Language = keyof typeof catalogues;

/** A sentence in no language yet: whoever shows it knows the reader's. */
export type Phrase = { [C in MessageCode]: { code: C; params: MessageParams<C> } }[MessageCode];

/** One sentence of the catalogue. */
export function text<C extends MessageCode>(
  code: C,
  params: MessageParams<C>,
  language: Language = 'en',
): string {
  const say = catalogues[language][code] as (params: MessageParams<C>) => string;
  return say(params);
}

/** One sentence, to be said later. */
export function phrase<C extends MessageCode>(code: C, params: MessageParams<C>): Phrase {
  return { code, params } as unknown as Phrase;
}

export function isMessageCode(code: string): code is MessageCode {
  return Object.hasOwn(en, code);
}

/** The catalogue that a tag such as `de-AT` or `de_DE.UTF-8` asks for; null where there is none. */
export function languageOf(tag: string | null | undefined): Language | null {
  const primary = tag?.toLowerCase().split(/[-_.]/)[0] ?? '';
  return Object.hasOwn(catalogues, primary) ? (primary as Language) : null;
}

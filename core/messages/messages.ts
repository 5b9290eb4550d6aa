import { en, type MessageCode, type MessageParams } from './en.js';

/** One sentence of the catalogue. */
export function text<C extends MessageCode>(code: C, params: MessageParams<C>): string {
  return en[code](params as never);
}

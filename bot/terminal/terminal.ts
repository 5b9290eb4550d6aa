import type { Deps } from '../../core/ports.js';
import type { Language } from '../../core/messages/messages.js';
import { speak, type Answer, type BotDeps } from '../chat.js';

/** What the terminal works with: it uploads the files itself. */
export type TerminalDeps = BotDeps & Pick<Deps, 'uploads'>;

/** The person at the other end. */
export interface Terminal {
  language: Language;
  write(text: string): void;
  /** Asks yes or no; null where nobody is there to answer. */
  ask: ((question: string) => Promise<boolean>) | null;
}

// A name from elsewhere must not move the cursor or change colours; tabs and line ends stay.
// eslint-disable-next-line no-control-regex -- these are what is taken out
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;

/** An answer as lines of plain text; what its buttons would do is asked for in other ways. */
export function render(answer: Answer, language: Language): string {
  const { title, lines, link } = speak(answer, language);
  const all = [...(title ? [title] : []), ...lines, ...(link ? [`${link.label}: ${link.url}`] : [])];
  return all.join('\n').replace(CONTROL, '');
}

import {
  ButtonStyle,
  ComponentType,
  type APIActionRowComponent,
  type APIAllowedMentions,
  type APIButtonComponent,
} from 'discord.js';
import { text } from '../../core/messages/messages.js';
import { encodeButton, type Button, type SpokenAnswer } from '../chat.js';

/** Discord's limits. @see https://docs.discord.com/developers/components/reference */
const MAX_CONTENT = 2000;
const MAX_TITLE = 600;
const MAX_LINE = 600;
const MAX_LABEL = 80;
const MAX_CUSTOM_ID = 100;
const MAX_URL = 512;
const BUTTONS_PER_ROW = 5;
const MAX_ROWS = 5;

/** Kept free for the line that says how many lines are left out. */
const MORE_RESERVE = 80;

// Every character that begins formatting, a masked link, a mention, a timestamp or an emoji, wherever it stands;
// the colon of a URL, which becomes a link by itself; headings, lists and quotes at the beginning of a line.
const FORMATTING = /[\\`*_~|<>[\]]|:(?=\/\/)|@(?=everyone|here)|(?<=^[ \t]*)[-+#]|(?<=^[ \t]*\d+)[.)]/gm;

type SpokenButton = Button<string>;

const STYLES = {
  primary: ButtonStyle.Primary,
  plain: ButtonStyle.Secondary,
  danger: ButtonStyle.Danger,
} as const satisfies Record<SpokenButton['style'], ButtonStyle>;

/** The body of a message in Discord's API, for an edit or a direct message alike. */
export interface DiscordMessage {
  content: string;
  components: APIActionRowComponent<APIButtonComponent>[];
  allowed_mentions: APIAllowedMentions;
}

/** An answer as Discord shows it: its text is never formatted, linked or a mention, and is shortened audibly. */
export function render(answer: SpokenAnswer): DiscordMessage {
  const title = answer.title?.trim();
  const bold = title ? [`**${escapeWithin(title, MAX_TITLE)}**`] : [];
  const content = joinWithin([...bold, ...answer.lines.map((line) => escapeWithin(line, MAX_LINE))]);
  return { content: content.trim() || '…', components: renderRows(answer), allowed_mentions: { parse: [] } };
}

function renderRows(answer: SpokenAnswer): APIActionRowComponent<APIButtonComponent>[] {
  const buttons = [...answer.buttons.flatMap(renderButton), ...renderLink(answer)].slice(
    0,
    BUTTONS_PER_ROW * MAX_ROWS,
  );
  const rows: APIActionRowComponent<APIButtonComponent>[] = [];
  for (let start = 0; start < buttons.length; start += BUTTONS_PER_ROW) {
    rows.push({ type: ComponentType.ActionRow, components: buttons.slice(start, start + BUTTONS_PER_ROW) });
  }
  return rows;
}

/** Discord refuses a whole message for one bad button, so one that it cannot carry, or a repeat, is left out. */
function renderButton(
  button: SpokenButton,
  index: number,
  all: readonly SpokenButton[],
): APIButtonComponent[] {
  const customId = encodeButton(button);
  const isRepeat = all.findIndex((other) => encodeButton(other) === customId) < index;
  if (isRepeat || customId.length > MAX_CUSTOM_ID) return [];
  const label = cut(button.label.trim(), MAX_LABEL) || '…';
  return [{ type: ComponentType.Button, custom_id: customId, label, style: STYLES[button.style] }];
}

function renderLink({ link }: SpokenAnswer): APIButtonComponent[] {
  const url = link && URL.canParse(link.url) ? new URL(link.url) : null;
  if (!link || !url || !/^https?:$/.test(url.protocol) || url.href.length > MAX_URL) return [];
  const label = cut(link.label.trim(), MAX_LABEL) || '…';
  return [{ type: ComponentType.Button, style: ButtonStyle.Link, label, url: url.href }];
}

/** As many lines as fit, and how many more there are. */
function joinWithin(lines: readonly string[]): string {
  const whole = lines.join('\n');
  if (whole.length <= MAX_CONTENT) return whole;
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > MAX_CONTENT - MORE_RESERVE) break;
    kept.push(line);
  }
  return [...kept, text('chat.more_lines', { lines: lines.length - kept.length })].join('\n');
}

/** discord.js's own escapeMarkdown spares what follows `https://`, so that a file's name could still be formatted. */
function escapeWithin(plain: string, max: number): string {
  const escaped = plain.toWellFormed().replace(FORMATTING, '\\$&');
  return cut(escaped, max, /\\?[^]/gu);
}

/** At most `max` UTF-16 units, cut between characters: an escape stays with what it escapes. */
function cut(plain: string, max: number, characters = /[^]/gu): string {
  if (plain.length <= max) return plain.toWellFormed();
  let kept = '';
  for (const [character] of plain.toWellFormed().matchAll(characters)) {
    if (kept.length + character.length > max - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

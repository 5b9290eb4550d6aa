import type { types } from '@slack/bolt';
import { encodeButton, type Button, type SpokenAnswer } from '../chat.js';

/** Slack's limits. @see https://docs.slack.dev/reference/block-kit/blocks */
const MAX_SECTION = 3000;
const MAX_BLOCKS = 50;
const MAX_BUTTONS = 25;
const MAX_LABEL = 75;
const MAX_VALUE = 2000;

type SpokenButton = Button<string>;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** A message of Slack: blocks, and the text that notifications and screen readers use. */
export interface SlackMessage {
  text: string;
  blocks: types.KnownBlock[];
}

/** An answer as Slack shows it. Its text is escaped and never becomes a link, a mention or a channel's name. */
export function render(answer: SpokenAnswer): SlackMessage {
  const { title, lines } = answer;
  const text = escapeWithin([title ?? '', ...lines].join('\n').trim(), MAX_SECTION) || '…';
  const bold = title?.trim() ? [`*${escapeWithin(title.trim(), MAX_SECTION - 2)}*`] : [];
  const paragraphs = joinWithin(
    [...bold, ...lines.map((line) => escapeWithin(line, MAX_SECTION))],
    MAX_SECTION,
  );
  const buttons = [...answer.buttons.map(renderButton), ...renderLink(answer)].slice(0, MAX_BUTTONS);
  const sections = (paragraphs.length > 0 ? paragraphs : [text]).slice(0, MAX_BLOCKS - 1).map(section);
  return {
    text,
    blocks: buttons.length > 0 ? [...sections, { type: 'actions', elements: buttons }] : sections,
  };
}

/** Plain text for a label: Slack refuses an empty one. */
export function plainText(text: string, max = MAX_LABEL): types.PlainTextElement {
  return { type: 'plain_text', text: escapeWithin(text.trim(), max) || '…', emoji: false };
}

function section(text: string): types.SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

/** The value says what is meant; the action id only has to be unique among a message's buttons. */
function renderButton(button: SpokenButton, index: number, all: readonly SpokenButton[]): types.Button {
  const isFirst = all.findIndex(({ action }) => action === button.action) === index;
  return {
    type: 'button',
    action_id: isFirst ? button.action : `${button.action}-${index}`,
    value: encodeButton(button).toWellFormed().slice(0, MAX_VALUE),
    text: plainText(button.label),
    ...(button.style === 'plain' ? {} : { style: button.style }),
  };
}

function renderLink({ link }: SpokenAnswer): types.Button[] {
  return link
    ? [
        {
          type: 'button',
          action_id: 'open-link',
          url: link.url,
          text: plainText(link.label),
          style: 'primary',
        },
      ]
    : [];
}

/** Escaped text of at most `max` characters, cut between characters. @see https://docs.slack.dev/messaging/formatting-message-text */
function escapeWithin(text: string, max: number): string {
  let escaped = '';
  for (const character of text.toWellFormed()) {
    const piece = ENTITIES[character] ?? character;
    if (escaped.length + piece.length > max - 1) return `${escaped}…`;
    escaped += piece;
  }
  return escaped;
}

/** Lines gathered into texts of at most `max` characters; blank texts are left out. */
function joinWithin(lines: readonly string[], max: number): string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= max)
      texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(line);
  }
  return texts.filter((text) => text.trim() !== '');
}

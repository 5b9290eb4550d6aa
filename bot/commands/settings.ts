import {
  changeChatSettings,
  getChatSettings,
  UNDO_CHOICES,
  type ChatSettings,
} from '../../core/accounts/chat-settings.js';
import { findIdentity } from '../../core/identities/link-codes.js';
import type { ChatUser } from '../../core/identities/chat-user.js';
import { catalogues, phrase, type Language } from '../../core/messages/messages.js';
import type { Answer, BotDeps, Button } from '../chat.js';
import { connectFirst } from './answers.js';

/** How somebody shares from chat, with a button for each change. */
export async function settings(deps: BotDeps, person: ChatUser): Promise<Answer> {
  const identity = await findIdentity(deps, person);
  return identity ? settingsCard(await getChatSettings(deps, identity.accountId)) : connectFirst();
}

/** One change: `confirm.off`, `undo.60`, `language.de`. Anything else changes nothing. */
export async function changeSetting(deps: BotDeps, person: ChatUser, change: string): Promise<Answer> {
  const identity = await findIdentity(deps, person);
  if (!identity) return connectFirst();
  return settingsCard(await changeChatSettings(deps, identity.accountId, readChange(change)));
}

function readChange(change: string): Partial<ChatSettings> {
  const [name, value = ''] = change.split('.', 2);
  switch (name) {
    case 'confirm':
      return { confirmsShares: value === 'on' };
    case 'downloads':
      return { tellsDownloads: value === 'on' };
    case 'undo': {
      const undoSeconds = UNDO_CHOICES.find((seconds) => String(seconds) === value);
      return undoSeconds === undefined ? {} : { undoSeconds };
    }
    case 'language':
      return { language: Object.hasOwn(catalogues, value) ? (value as Language) : null };
    default:
      return {};
  }
}

function settingsCard({ confirmsShares, undoSeconds, language, tellsDownloads }: ChatSettings): Answer {
  const set = (id: string, label: Button['label']): Button => ({ label, action: 'set', id, style: 'plain' });
  const nextUndo =
    UNDO_CHOICES[(UNDO_CHOICES.findIndex((one) => one === undoSeconds) + 1) % UNDO_CHOICES.length];
  const languages = [null, ...(Object.keys(catalogues) as Language[])];
  const nextLanguage = languages[(languages.indexOf(language) + 1) % languages.length] ?? null;
  return {
    title: phrase('chat.settings_title', {}),
    lines: [
      phrase('chat.setting_confirm', { isOn: confirmsShares }),
      phrase('chat.setting_undo', { seconds: undoSeconds }),
      phrase('chat.setting_language', { language }),
      phrase('chat.setting_downloads', { isOn: tellsDownloads }),
    ],
    buttons: [
      set(
        `confirm.${confirmsShares ? 'off' : 'on'}`,
        phrase('button.set_confirm', { isOn: !confirmsShares }),
      ),
      set(`undo.${nextUndo ?? 0}`, phrase('button.set_undo', { seconds: nextUndo ?? 0 })),
      set(
        `language.${nextLanguage ?? 'platform'}`,
        phrase('button.set_language', { language: nextLanguage }),
      ),
      set(
        `downloads.${tellsDownloads ? 'off' : 'on'}`,
        phrase('button.set_downloads', { isOn: !tellsDownloads }),
      ),
      { label: phrase('button.disconnect', {}), action: 'disconnect', style: 'danger' },
    ],
    isFinal: true,
  };
}

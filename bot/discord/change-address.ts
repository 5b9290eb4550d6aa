import {
  ComponentType,
  TextInputStyle,
  type APIModalInteractionResponseCallbackData,
  type ModalSubmitInteraction,
} from 'discord.js';
import { text, type Language } from '../../core/messages/messages.js';

const FORM = 'change-address-form';

/** An address has 254 characters at most, and may come as `Bob <bob@example.com>`. */
const MAX_LENGTH = 400;

/** Asks for another address; `id` is the share and the recipient whose address was wrong. */
export function addressModal(id: string, language: Language): APIModalInteractionResponseCallbackData {
  return {
    custom_id: `${FORM}:${id}`,
    title: text('modal.change_address', {}, language),
    components: [
      {
        type: ComponentType.Label,
        label: text('modal.new_address', {}, language),
        component: {
          type: ComponentType.TextInput,
          custom_id: 'address',
          style: TextInputStyle.Short,
          max_length: MAX_LENGTH,
        },
      },
    ],
  };
}

/** What the submitted form says; null where it is another one. */
export function readAddressForm({
  customId,
  fields,
}: ModalSubmitInteraction): { id: string; addressText: string } | null {
  const [name, id = ''] = customId.split(':', 2);
  return name === FORM ? { id, addressText: fields.getTextInputValue('address') } : null;
}

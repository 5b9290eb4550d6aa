import { make, makeButton } from './make.js';
import type { Command, Scene } from './scene.js';
import { avatar } from './show-message.js';

/** What a place without messages says: who one is here, and what to try first. */
export function showWelcome(
  { place, commands }: Scene,
  name: string,
  choose: (command: Command) => void,
): HTMLElement {
  const items = commands.map((command) => {
    const words = [make('strong', {}, command.name), make('small', {}, command.description)];
    return make(
      'li',
      {},
      makeButton({}, () => choose(command), ...words),
    );
  });
  const invitation = items.length > 0 ? ', or begin with a command:' : '.';
  return make(
    'div',
    { class: 'empty' },
    avatar(name),
    make('h2', {}, `You are ${name}`),
    make(
      'p',
      {},
      `Nobody has said anything in ${place.icon === 'hash' ? '#' : ''}${place.name} yet. Write, attach files${invitation}`,
    ),
    make('ul', {}, ...items),
  );
}

import { createCommandForm } from './command-form.js';
import { createCommandList } from './command-list.js';
import { createFilePicker } from './file-picker.js';
import { icon, make, makeButton } from './make.js';
import type { Command, Filled, Named } from './scene.js';

export interface ComposerActs {
  say: (text: string, files: File[]) => Promise<boolean>;
  run: (command: Command, typed: string, filled: Filled) => Promise<boolean>;
  useShortcut: (shortcutId: string) => void;
}

export interface Composer {
  element: HTMLElement;
  /** What is offered here now. */
  offer: (commands: Command[], shortcuts: Named[]) => void;
  /** Says something about what was tried; '' for nothing. */
  warn: (message: string) => void;
  /** Begins a command, as if it were picked in the list. */
  choose: (command: Command) => void;
}

/** Where people type, attach files and find the app's commands. What could not be sent stays. */
export function createComposer(placeName: string, acts: ComposerActs): Composer {
  let commands: Command[] = [];
  const text = make('textarea', { id: 'text', rows: 1, placeholder: `Message ${placeName}` });
  text.setAttribute('aria-label', `Message ${placeName}`);
  const note = make('p', { class: 'note', role: 'status' });
  const send = make('button', { class: 'primary', 'aria-label': 'Send', title: 'Send' }, icon('send'));
  const shortcuts = make('details', { class: 'menu up' });
  const form = make('form', { class: 'composer' });
  const picker = createFilePicker(document.body, {
    label: 'Attach files',
    max: 10,
    accept: '',
    id: 'attach',
  });
  const slash = makeButton({ class: 'tool', title: 'Commands' }, () => begin('/'), '/');
  slash.setAttribute('aria-label', 'Commands');
  const list = createCommandList(text, choose);
  const bar = make('div', { class: 'bar' }, picker.opener, slash, shortcuts, send);
  form.append(picker.list, text, bar);
  const filling = make('div');
  const element = make('div', { id: 'composer' }, list.element, filling, form, note);

  text.addEventListener('input', () => {
    warn('');
    list.show(/^\/\S*$/.test(text.value) ? commands.filter(({ name }) => name.startsWith(text.value)) : []);
  });
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.defaultPrevented) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });

  async function submit(): Promise<void> {
    list.show([]);
    const typed = text.value.trim();
    const files = picker.files();
    const [name = ''] = typed.split(/\s/, 1);
    const command = commands.find((each) => each.name === name);
    if (!typed && files.length === 0) return;
    if (command?.fields) {
      choose(command);
    } else if (name.startsWith('/') && commands.some(({ fields }) => fields === null)) {
      if (!command) warn(`${name} is not a valid command.`);
      else if (files.length > 0)
        warn('Commands carry no files here: send the file first, and then the command.');
      else if (await during(acts.run(command, typed.slice(name.length).trim(), { values: {}, files: {} })))
        clear();
    } else if (await during(acts.say(typed, files))) {
      clear();
    }
  }

  /** A command with options is filled in; any other is typed on. */
  function choose(command: Command): void {
    list.show([]);
    if (!command.fields) {
      begin(`${command.name} `);
      warn(`${command.description}. ${command.name} ${command.hint}`);
      return;
    }
    const run = async (filled: Filled): Promise<void> => {
      if (await during(acts.run(command, '', filled))) close();
    };
    const close = (): void => {
      filling.replaceChildren();
      form.hidden = false;
      text.focus();
    };
    const filled = createCommandForm(command, picker.files(), (it) => void run(it), close);
    clear();
    form.hidden = true;
    filling.replaceChildren(filled.element);
    filled.focus();
  }

  async function during(work: Promise<boolean>): Promise<boolean> {
    send.setAttribute('aria-busy', 'true');
    const isDone = await work;
    send.removeAttribute('aria-busy');
    return isDone;
  }

  function begin(start: string): void {
    text.value = start;
    text.focus();
    text.dispatchEvent(new Event('input'));
  }

  function clear(): void {
    text.value = '';
    list.show([]);
    picker.clear();
    warn('');
  }

  function warn(message: string): void {
    note.textContent = message;
  }

  return {
    element,
    offer(offered, global) {
      commands = offered;
      slash.hidden = offered.length === 0;
      shortcuts.hidden = global.length === 0;
      const items = global.map(({ id, name }) => makeButton({}, () => acts.useShortcut(id), name));
      const summary = make(
        'summary',
        { class: 'tool', 'aria-label': 'Shortcuts', title: 'Shortcuts' },
        icon('bolt'),
      );
      shortcuts.replaceChildren(summary, make('div', { class: 'pop' }, ...items));
    },
    warn,
    choose,
  };
}

/** What is on the screen, in no platform's words: each platform translates what a person sees into this. */
export interface Scene {
  people: Named[];
  groups: { title: string; places: Place[] }[];
  /** What the place is, above its messages, and what to try in it. */
  place: Place & { about: string };
  /** Offered behind `/` here. */
  commands: Command[];
  /** Offered anywhere, in the menu of shortcuts. */
  shortcuts: Named[];
  messages: ShownMessage[];
  /** A page in place of messages. */
  page: { id: string; parts: Part[] } | null;
  modal: Modal | null;
  outcomes: Outcome[];
}

/** Who acts, and where; `threadId` is the message that a thread began with. */
export interface Where {
  userId: string;
  placeId: string;
  threadId: string | null;
}

export interface Named {
  id: string;
  name: string;
}

export interface Place extends Named {
  icon: 'hash' | 'lock' | 'chat' | 'home';
  /** Its newest message, so that news can be marked. */
  lastId: string;
}

/** `fields` is null where the arguments are typed behind the name. */
export interface Command extends Named {
  description: string;
  hint: string;
  fields: Field[] | null;
}

export interface ShownMessage {
  id: string;
  author: string;
  isApp: boolean;
  at: number;
  isOnlyForYou: boolean;
  isEdited: boolean;
  /** The app has said that an answer will come. */
  isThinking: boolean;
  parts: Part[];
  files: { name: string; sizeBytes: number; isGone?: boolean }[];
  menu: Named[];
  /** Answers in its thread; null where there are no threads. */
  replies: number | null;
}

/** What became of something that the person did: `failure` is the platform's code for what went wrong. */
export interface Outcome {
  id: string;
  isDone: boolean;
  failure: string | null;
}

export interface Modal {
  id: string;
  /** The deed that opened it, where only the tab that did it shows it. */
  openedBy: string | null;
  /** Changes when the app replaces what the modal shows. */
  revision: string;
  title: string;
  /** Null where there is nothing to send. */
  submit: string | null;
  close: string;
  parts: Part[];
}

export type Mark = 'strong' | 'em' | 's' | 'u' | 'code' | 'pre' | 'mark';
/** Text as a platform formats it: plain, marked, or a link. */
export type Piece = string | { mark: Mark; pieces: Piece[] } | { href: string; pieces: Piece[] };

export type Part =
  | { kind: 'text'; pieces: Piece[]; look?: 'heading' | 'quiet'; beside?: Control }
  | { kind: 'columns'; cells: Piece[][] }
  | { kind: 'divider' }
  | { kind: 'controls'; controls: Control[] }
  | { kind: 'field'; field: Field };

/** What acts as soon as it is used. `groupId` tells controls of one id apart. */
export interface Control {
  id: string;
  groupId: string;
  label: string;
  input: { kind: 'button'; style: 'plain' | 'primary' | 'danger'; url: string | null } | Choice;
  isDisabled: boolean;
  confirm: Question | null;
}

export interface Question {
  title: string;
  text: Piece[];
  yes: string;
  no: string;
}

/** What is filled in and sent with its form. */
export interface Field {
  id: string;
  label: string;
  hint: string;
  isRequired: boolean;
  error: string;
  /** Text unless told. */
  valueKind?: 'number' | 'boolean';
  input: TextInput | Choice | { kind: 'files'; max: number; accept: string };
}

export interface TextInput {
  kind: 'text';
  type: 'text' | 'email' | 'number' | 'lines';
  value: string;
  placeholder: string;
  maxLength: number;
}

export interface Choice {
  kind: 'choice';
  look: 'menu' | 'radio' | 'checkbox';
  options: { value: string; label: string; description: string }[];
  chosen: string[];
  placeholder: string;
}

/** What was filled in, by the id of its field. */
export interface Filled {
  values: Record<string, string[]>;
  files: Record<string, File[]>;
}

/** What a control sits on. */
export type Surface = { messageId: string } | { modalId: string; filled: Filled } | { pageId: string };

/** The id of what was done, by which its outcome is known; null where there is none to wait for. */
export type Deed = Promise<string | null>;

/** One doubled platform, as its people use it. Every act rejects with an Error in words that may be shown. */
export interface Platform {
  /** The path of its control on this origin. */
  name: 'slack' | 'discord';
  title: string;
  /** Whom to be before anybody was chosen. */
  firstUserId: string;
  scene: (sight: never, where: Where) => Scene;
  say: (where: Where, text: string, files: File[]) => Deed;
  run: (where: Where, command: Command, typed: string, filled: Filled) => Deed;
  useMenu: (where: Where, messageId: string, actionId: string) => Deed;
  useShortcut: (where: Where, shortcutId: string) => Deed;
  press: (where: Where, surface: Surface, control: Control, values: string[]) => Deed;
  submit: (where: Where, modal: Modal, filled: Filled) => Deed;
  dismiss: (where: Where, modal: Modal) => Deed;
  /** The person looks at a page, of which the app may hear. */
  visit: (where: Where) => Deed;
  /** How the platform tells people that the app failed; `name` is the command's. */
  explain: (what: 'command' | 'message' | 'modal', name: string, failure: string) => string;
}

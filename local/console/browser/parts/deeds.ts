import type { Deed, Outcome } from './scene.js';

/** What a deed was done to: a command, a message or a modal, and the control of it that was used. */
export interface Pending {
  what: 'command' | 'message' | 'modal';
  target: string;
  control: string;
  /** It was answered, or refused. */
  onEnd: () => void;
  /** The app failed, by the platform's code. */
  onFailure: (failure: string) => void;
}

/** Follows what the person does until the platform says how it ended. */
export interface Deeds {
  /** @returns false where the platform refused at once, which `onRefusal` is told in words */
  follow: (pending: Pending, deed: Deed, onRefusal: (message: string) => void) => Promise<boolean>;
  settle: (outcomes: readonly Outcome[]) => void;
  /** The control of a message that was used and waits for its answer; '' for none. */
  busyControl: (target: string) => string;
  /** Whether the deed was done in this tab, and its modal was not closed. */
  isOpen: (id: string) => boolean;
  close: (id: string) => void;
}

export function createDeeds(onChange: () => void): Deeds {
  const underWay = new Map<string, Pending>();
  const open = new Set<string>();
  return {
    async follow(pending, deed, onRefusal) {
      try {
        const id = await deed;
        if (id === null) {
          pending.onEnd();
        } else {
          underWay.set(id, pending);
          open.add(id);
        }
        onChange();
        return true;
      } catch (error) {
        pending.onEnd();
        onRefusal(error instanceof Error ? error.message : String(error));
        return false;
      }
    },
    settle(outcomes) {
      for (const { id, isDone, failure } of outcomes) {
        const pending = underWay.get(id);
        if (!pending || !isDone) continue;
        underWay.delete(id);
        pending.onEnd();
        if (failure !== null) pending.onFailure(failure);
        onChange();
      }
    },
    busyControl: (target) => [...underWay.values()].find((it) => it.target === target)?.control ?? '',
    isOpen: (id) => open.has(id),
    close: (id) => void open.delete(id),
  };
}

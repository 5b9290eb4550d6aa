const RETRY_MS = 1_000;

/**
 * Hears what a person sees, as it changes, while this tab is looked at: a browser opens six connections at most to
 * one origin, and hidden tabs would use them up. Tries again where the double is away.
 */
export function createLiveSight(
  onSight: (sight: never) => void,
  onAbsence: () => void,
): { follow: (path: string) => void } {
  let source: EventSource | null = null;
  let followed = '';

  function open(): void {
    source?.close();
    source = null;
    if (!followed || document.hidden) return;
    const opened = new EventSource(followed);
    source = opened;
    opened.addEventListener('message', ({ data }: MessageEvent<string>) =>
      onSight(JSON.parse(data) as never),
    );
    opened.addEventListener('error', () => {
      if (source !== opened) return;
      onAbsence();
      opened.close();
      setTimeout(() => {
        if (source === opened) open();
      }, RETRY_MS);
    });
  }

  document.addEventListener('visibilitychange', open);
  return {
    follow(path) {
      if (path === followed) return;
      followed = path;
      open();
    },
  };
}

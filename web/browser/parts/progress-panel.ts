import { formatBytes } from '../../../core/messages/format.js';
import { cleanFileName } from '../../../core/shares/file-name.js';
import { fileRow, find } from './file-rows.js';
import type { UploadItem } from './upload-files.js';

export interface ProgressPanel {
  update: (attachmentId: string, bytes: number) => void;
  /** Starts measuring anew: what was sent before a break says nothing about the speed now. */
  start(): void;
  fail(message: string): void;
  /** The upload has stopped, and what was begun is still there. */
  failToCancel(reason: string): void;
}

const SPEED_WINDOW_MS = 5_000;
const SAID_EVERY_PERCENT = 25;

/** Shows how far each file and all of them are, how fast, and for how long still. */
export function showProgress(items: readonly UploadItem[]): ProgressPanel {
  const total = items.reduce((sum, { file }) => sum + file.size, 0);
  const title = find('progress-title', HTMLElement);
  const text = find('progress-text', HTMLElement);
  const said = find('progress-said', HTMLElement);
  const alert = find('progress-error', HTMLElement);
  const retry = find('retry', HTMLButtonElement);
  const bar = find('progress-bar', HTMLProgressElement);
  const sent = new Map<string, number>();
  const bars = new Map<string, HTMLProgressElement>();
  let samples: { at: number; bytes: number }[] = [];
  const rows = items.map(({ file, attachmentId }) => {
    const fileBar = Object.assign(document.createElement('progress'), { max: file.size, value: 0 });
    fileBar.setAttribute('aria-label', cleanFileName(file.name));
    bars.set(attachmentId, fileBar);
    return fileRow(file, fileBar);
  });
  find('progress-files', HTMLElement).replaceChildren(...rows);

  function draw(): void {
    const bytes = Math.min(
      total,
      [...sent.values()].reduce((sum, one) => sum + one, 0),
    );
    const percent = Math.floor((bytes / total) * 100);
    samples = [...samples.filter(({ at }) => at > Date.now() - SPEED_WINDOW_MS), { at: Date.now(), bytes }];
    bar.value = bytes / total;
    text.textContent = [
      `${percent} %`,
      `${formatBytes(bytes)} of ${formatBytes(total)}`,
      ...pace(samples, total),
    ].join(' · ');
    const step = percent - (percent % SAID_EVERY_PERCENT);
    if (step > 0) said.textContent = `${step} percent sent`;
  }

  return {
    update(attachmentId, bytes) {
      sent.set(attachmentId, bytes);
      const fileBar = bars.get(attachmentId);
      if (fileBar) fileBar.value = bytes;
      draw();
    },
    start() {
      title.textContent = 'Sending…';
      samples = [];
      alert.hidden = true;
      retry.hidden = true;
      draw();
    },
    fail(message) {
      title.textContent = 'Interrupted';
      samples = [];
      draw();
      alert.textContent = message;
      alert.hidden = false;
      retry.hidden = false;
      retry.focus();
    },
    failToCancel(reason) {
      title.textContent = 'Not cancelled';
      alert.textContent = `It could not be cancelled, and may still be sent. ${reason} Press Cancel to try again.`;
      alert.hidden = false;
      retry.hidden = true;
    },
  };
}

/** Speed and time left, once there is enough to tell. */
function pace(samples: readonly { at: number; bytes: number }[], total: number): string[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < 1_000 || last.bytes <= first.bytes) return [];
  const bytesPerSecond = ((last.bytes - first.bytes) / (last.at - first.at)) * 1_000;
  const seconds = Math.ceil((total - last.bytes) / bytesPerSecond);
  const left = seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return [`${formatBytes(bytesPerSecond)}/s`, `${left} left`];
}

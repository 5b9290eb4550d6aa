import { cleanFileName } from '../../core/shares/file-name.js';
import { ask, RequestError } from './parts/api.js';
import { fileRow, find, make } from './parts/file-rows.js';
import { showProgress, type ProgressPanel } from './parts/progress-panel.js';
import { uploadFiles, type UploadRun } from './parts/upload-files.js';

interface CreatedShare {
  shareId: string;
  attachments: { attachmentId: string }[];
}

/** A share whose files are on their way. */
interface Sending {
  shareId: string;
  uploading: UploadRun;
  progress: ProgressPanel;
  /** Cancel was pressed: nothing goes on by itself any more. */
  isStopped: boolean;
}

const FIELDS = ['files', 'emails', 'message', 'lifetimeDays'];

const form = find('send', HTMLFormElement);
const picker = find('files', HTMLInputElement);
const submit = find('submit', HTMLButtonElement);
const panel = find('progress', HTMLElement);
const cancelButton = find('cancel', HTMLButtonElement);
let chosen: File[] = [];
let formId = form.dataset['formId'] ?? crypto.randomUUID();
let current: Sending | undefined;
let isUploading = false;

submit.disabled = false;
picker.addEventListener('change', () => {
  add(picker.files);
  picker.value = '';
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void send();
});
cancelButton.addEventListener('click', () => void cancel());
window.addEventListener('beforeunload', (event) => {
  if (isUploading) event.preventDefault();
});
acceptDrops();

/** The rows first: the same form sent again is the same share. Then its files. */
async function send(): Promise<void> {
  submit.disabled = true;
  showErrors({});
  const files = chosen;
  // What the portal is asked about does not change meanwhile.
  form.inert = true;
  try {
    const data = new FormData(form);
    const share = await ask<CreatedShare>('POST', '/shares', {
      body: {
        formId,
        emails: data.get('emails'),
        message: data.get('message'),
        lifetimeDays: Number(data.get('lifetimeDays')),
        files: files.map(({ name, type, size }) => ({ name, contentType: type, sizeBytes: size })),
      },
    }).finally(() => {
      form.inert = false;
    });
    await upload(files, share);
  } catch (error) {
    const isAnswer = error instanceof RequestError;
    const message = isAnswer ? error.message : 'The portal cannot be reached. Press Send again in a moment.';
    showErrors(isAnswer && Object.keys(error.fields).length > 0 ? error.fields : { form: message });
  } finally {
    submit.disabled = false;
  }
}

async function upload(files: readonly File[], { shareId, attachments }: CreatedShare): Promise<void> {
  const items = files.flatMap((file, index) => {
    const attachmentId = attachments[index]?.attachmentId;
    return attachmentId ? [{ file, attachmentId }] : [];
  });
  const progress = showProgress(items);
  const sending = { shareId, progress, uploading: uploadFiles(items, progress.update), isStopped: false };
  current = sending;
  form.hidden = true;
  panel.hidden = false;
  panel.focus();
  find('retry', HTMLButtonElement).onclick = () => void run(sending);
  await run(sending);
}

async function run(sending: Sending): Promise<void> {
  const { uploading, progress, shareId } = sending;
  isUploading = true;
  progress.start();
  const problem = await uploading.run();
  if (sending.isStopped) return;
  isUploading = false;
  if (problem === null) location.assign(`/shares/${shareId}`);
  else progress.fail(problem);
}

/** Deletes the share that was begun. Only then it is said, over the form as it was, ready for another share. */
async function cancel(): Promise<void> {
  if (!current) return;
  const { shareId, uploading, progress } = current;
  current.isStopped = true;
  cancelButton.disabled = true;
  void uploading.cancel();
  try {
    await deleteShare(shareId);
  } catch (error) {
    progress.failToCancel(error instanceof RequestError ? error.message : 'The portal cannot be reached.');
    return;
  } finally {
    cancelButton.disabled = false;
  }
  current = undefined;
  isUploading = false;
  formId = crypto.randomUUID();
  panel.hidden = true;
  form.hidden = false;
  showErrors({ form: 'Cancelled. Nothing was sent.' });
  find('form-error', HTMLElement).className = 'notice';
}

/** Pressed again after an answer that was lost, it is deleted already. */
async function deleteShare(shareId: string): Promise<void> {
  await ask('POST', `/shares/${shareId}/delete`, { body: {} }).catch((error: unknown) => {
    if (!(error instanceof RequestError) || error.status !== 404) throw error;
  });
}

function add(files: FileList | null): void {
  const isKnown = (file: File) =>
    chosen.some(({ name, size, lastModified }) => {
      return name === file.name && size === file.size && lastModified === file.lastModified;
    });
  chosen = [...chosen, ...[...(files ?? [])].filter((file) => !isKnown(file))];
  showChosen();
}

function showChosen(): void {
  const rows = chosen.map((file) => {
    const remove = Object.assign(make('button', 'quiet small', 'Remove'), { type: 'button' });
    remove.setAttribute('aria-label', `Remove ${cleanFileName(file.name)}`);
    remove.addEventListener('click', () => {
      chosen = chosen.filter((other) => other !== file);
      showChosen();
      picker.focus();
    });
    return fileRow(file, remove);
  });
  find('chosen', HTMLElement).replaceChildren(...rows);
  form.classList.toggle('has-files', chosen.length > 0);
}

function showErrors(errors: Readonly<Record<string, string>>): void {
  find('form-error', HTMLElement).className = 'alert';
  for (const name of ['form', ...FIELDS]) {
    const line = find(`${name}-error`, HTMLElement);
    line.textContent = errors[name] ?? '';
    line.hidden = !errors[name];
    document.getElementById(name)?.toggleAttribute('aria-invalid', Boolean(errors[name]));
  }
  const first = FIELDS.find((name) => errors[name]);
  if (first) document.getElementById(first)?.focus();
}

function acceptDrops(): void {
  const mark = (isOver: boolean) => document.body.classList.toggle('dragging', isOver);
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(true);
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) mark(false);
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    mark(false);
    if (!form.hidden && !form.inert) add(event.dataTransfer?.files ?? null);
  });
}

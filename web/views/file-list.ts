import { html, type Html } from '../../core/html.js';
import { formatBytes } from '../../core/messages/format.js';

interface ListedFile {
  name: string;
  sizeBytes: number;
}

/** Files, each with its real extension apart, so that a name cannot pose as another kind. `extra` ends a line. */
export function fileList<F extends ListedFile>(
  files: readonly F[],
  extra: (file: F) => Html | false = () => false,
): Html {
  return html`<ul class="files">
    ${files.map(
      (file) =>
        html`<li>
          <span class="kind" aria-hidden="true">${extensionOf(file.name)}</span>
          <span class="name"><bdi>${file.name}</bdi><small>${formatBytes(file.sizeBytes)}</small></span>
          ${extra(file)}
        </li>`,
    )}
  </ul>`;
}

function extensionOf(name: string): string {
  return /\.([a-z0-9]{1,5})$/i.exec(name)?.[1]?.toLowerCase() ?? 'file';
}

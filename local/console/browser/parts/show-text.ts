import { make } from './make.js';
import type { Piece } from './scene.js';

/** Formatted text as nodes; a link opens a tab that knows nothing of this one. */
export function showText(pieces: readonly Piece[]): Node[] {
  return pieces.map((piece) => {
    if (typeof piece === 'string') return document.createTextNode(piece);
    const inner = showText(piece.pieces);
    return 'href' in piece
      ? make('a', { href: piece.href, target: '_blank', rel: 'noopener noreferrer' }, ...inner)
      : make(piece.mark, {}, ...inner);
  });
}

import { S3Error } from './s3-error.js';

const namedEntities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** A whole XML document with `root` around finished markup. */
export function xmlDocument(root: string, ...children: string[]): string {
  const namespace = root === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${children.join('')}</${root}>`;
}

/** An element around finished markup. */
export function xmlElement(name: string, ...children: string[]): string {
  return `<${name}>${children.join('')}</${name}>`;
}

/** An element around text, which is escaped. */
export function xmlText(name: string, text: string | number | boolean): string {
  return `<${name}>${escapeXml(String(text))}</${name}>`;
}

/**
 * The inner markup of every element called `name`, in order. It reads the two small documents that S3 clients
 * send (Delete, CompleteMultipartUpload): no nesting of equal names, no comments, CDATA or document types.
 * @throws S3Error MalformedXML when the document has one of those
 */
export function xmlChildren(xml: string, name: string): string[] {
  if (xml.includes('<!')) throw new S3Error('MalformedXML');
  const element = new RegExp(`<${name}(?:\\s[^>]*)?>([^]*?)</${name}\\s*>`, 'g');
  return [...xml.matchAll(element)].map((match) => match[1] ?? '');
}

/** The unescaped text of the first element called `name`, or undefined. */
export function xmlChildText(xml: string, name: string): string | undefined {
  const text = xmlChildren(xml, name)[0];
  return text?.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (_entity, body: string) => unescapeEntity(body));
}

function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are legal in keys and must be written as references
  return text.replace(/[&<>"'\u0000-\u001f]/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

function unescapeEntity(body: string): string {
  const named = namedEntities[body];
  if (named !== undefined) return named;
  const codePoint = body.startsWith('#x') ? parseInt(body.slice(2), 16) : parseInt(body.slice(1), 10);
  if (!(codePoint <= 0x10ffff)) throw new S3Error('MalformedXML');
  return String.fromCodePoint(codePoint);
}

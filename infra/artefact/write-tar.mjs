import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const BLOCK = 512;

/** So that the same files make the same bytes whenever they were written. */
const MTIME_SECONDS = Date.UTC(1980, 0, 1) / 1000;

/** See write-tar.d.mts. */
export async function writeTar(target, files) {
  const sorted = [...files].sort((one, other) => (one.path < other.path ? -1 : 1));
  await pipeline(Readable.from(blocksOf(sorted)), createGzip({ level: 6 }), createWriteStream(target));
}

async function* blocksOf(files) {
  for (const file of files) {
    yield header(file);
    let writtenBytes = 0;
    for await (const chunk of createReadStream(file.source)) {
      writtenBytes += chunk.length;
      yield chunk;
    }
    if (writtenBytes !== file.sizeBytes) throw new Error(`${file.source} changed while it was packed`);
    yield Buffer.alloc((BLOCK - (writtenBytes % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** A ustar header. @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
function header({ path, sizeBytes, isExecutable }) {
  const block = Buffer.alloc(BLOCK);
  const [prefix, name] = splitPath(path);
  block.write(name, 0);
  block.write(octal(isExecutable ? 0o755 : 0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(sizeBytes, 12), 124);
  block.write(octal(MTIME_SECONDS, 12), 136);
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\u000000', 257);
  block.write('root', 265);
  block.write('root', 297);
  block.write(prefix, 345);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\u0000 `, 148);
  return block;
}

/** A path of more than 100 bytes is cut at a slash: its beginning has a field of its own. */
function splitPath(path) {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return [prefix, name];
  }
  throw new Error(`${path} is too long for a tar`);
}

function octal(value, length) {
  return `${value.toString(8).padStart(length - 1, '0')}\u0000`;
}

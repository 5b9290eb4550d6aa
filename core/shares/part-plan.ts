const MIB = 1024 ** 2;
const PART_BYTES = 16 * MIB;

/** S3 takes 10,000; the list of a thousand fits into one page of S3 and one request to the portal. */
const MAX_PARTS = 1_000;

/**
 * The size in bytes of each part of an upload but its last: 16 MiB, or as much as keeps a large file within the number
 * of parts. The browser (`web/browser/parts/upload-files.ts`) and the server reckon alike, so that the server can tell
 * how far into its file a part reaches.
 */
export function partBytes(fileBytes: number): number {
  return Math.max(PART_BYTES, Math.ceil(fileBytes / MAX_PARTS / MIB) * MIB);
}

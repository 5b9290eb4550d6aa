import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** As long as browsers take a certificate for, at most. */
const LIFETIME_DAYS = 397;

/** One that would end while it is used is made anew. */
const MIN_LEFT_MS = 24 * 60 * 60 * 1000;

export interface Certificate {
  certificatePath: string;
  keyPath: string;
}

/**
 * A certificate for 127.0.0.1 and localhost that signs itself, kept in the folder until it is about to end. Its key is
 * its owner's alone. @throws Error with what openssl said
 */
export async function ensureCertificate(folder: string): Promise<Certificate> {
  const paths = {
    certificatePath: path.join(folder, 'certificate.pem'),
    keyPath: path.join(folder, 'key.pem'),
  };
  if (await isValid(paths)) return paths;
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', String(LIFETIME_DAYS), '-subj', '/CN=Passalong on this machine'],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'extendedKeyUsage=serverAuth'],
    ...['-keyout', paths.keyPath, '-out', paths.certificatePath],
  ]);
  return paths;
}

async function isValid({ certificatePath, keyPath }: Certificate): Promise<boolean> {
  const files = await Promise.all([readFile(certificatePath), readFile(keyPath)]).catch(() => null);
  if (!files) return false;
  return Date.parse(new X509Certificate(files[0]).validTo) - Date.now() > MIN_LEFT_MS;
}

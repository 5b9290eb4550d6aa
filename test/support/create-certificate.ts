import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

export interface TestCertificate {
  key: string;
  cert: string;
  /** Of the certificate, for a process that is to believe it: `NODE_EXTRA_CA_CERTS`. */
  file: string;
  remove(): Promise<void>;
}

/** A certificate of its own for one IP address, which holds for a day. @throws Error where there is no openssl */
export async function createCertificate(address: string): Promise<TestCertificate> {
  const dir = await mkdtemp(path.join(tmpdir(), 'passalong-certificate-'));
  const [keyFile, file] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=passalong-test', '-addext', `subjectAltName=IP:${address}`],
    ...['-keyout', keyFile, '-out', file],
  ]);
  const [key, cert] = await Promise.all([readFile(keyFile, 'utf8'), readFile(file, 'utf8')]);
  return { key, cert, file, remove: () => rm(dir, { recursive: true, force: true }) };
}

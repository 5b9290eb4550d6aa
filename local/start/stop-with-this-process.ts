import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Has a server that knows nothing of us end with this process, however that ends: a shell outlives us, since its stdin
 * ends with us, and then sends the signal. Kill the shell once the server is gone; without any the server stays.
 */
export function stopWithThisProcess(server: ChildProcess, signal: 'INT' | 'TERM'): ChildProcess {
  const watcher = spawn('sh', ['-c', `read -r _; kill -${signal} "$0"`, String(server.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.once('error', () => undefined);
  return watcher;
}

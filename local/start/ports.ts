import { createServer, type AddressInfo } from 'node:net';

/** A port to be published, and the variable that changes it. */
export interface PublicPort {
  port: number;
  variable: string;
}

/** @throws Error with a line for each port that is wanted twice, or is in use */
export async function requireFree(ports: readonly PublicPort[]): Promise<void> {
  requireDistinct(ports);
  const taken = await Promise.all(ports.map(async (wanted) => ((await probe(wanted.port)) ? [] : [wanted])));
  const lines = taken.flat().map(({ port, variable }) => {
    return `Port ${port} is in use. Stop what listens there, or set ${variable} to another port.`;
  });
  if (lines.length > 0) throw new Error(lines.join('\n'));
}

function requireDistinct(ports: readonly PublicPort[]): void {
  const lines = [...new Set(ports.map(({ port }) => port))].flatMap((port) => {
    const variables = ports.filter((each) => each.port === port).map(({ variable }) => variable);
    if (variables.length === 1) return [];
    return [`${variables.join(' and ')} are the same port, ${port}. Set each to a port of its own.`];
  });
  if (lines.length > 0) throw new Error(lines.join('\n'));
}

/** So many ports that were free a moment ago. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function probe(port: number): Promise<boolean> {
  const server = await listen(port).catch(() => null);
  if (server) await new Promise((resolve) => server.close(resolve));
  return server !== null;
}

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

// Sends what the processes have logged since the last time to CloudWatch Logs: `node ship-logs.mjs`, by a timer. The
// journal keeps everything; where CloudWatch cannot be reached nothing is lost, and the next time sends it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 1_000_000;
const EVENT_OVERHEAD_BYTES = 26;
/** A longer line is cut; none of ours is. */
const MAX_LINE = 200_000;

const root = process.env.ROOT ?? '';
const { region, logGroup } = JSON.parse(readFileSync(`${root}/etc/passalong/instance.json`, 'utf8'));
const state = `${root}/var/lib/passalong-logs`;
const cursorFile = join(state, 'cursor');
const place = ['--region', region, '--log-group-name', logGroup, '--log-stream-name', hostname()];

mkdirSync(state, { recursive: true });
const entries = readJournal();
if (entries.length > 0) createStream();
for (const batch of inBatches(entries)) {
  putEvents(batch);
  writeFileSync(cursorFile, batch.at(-1).cursor);
}

function readJournal() {
  const since = existsSync(cursorFile) ? [`--after-cursor=${readFileSync(cursorFile, 'utf8')}`] : ['--boot'];
  const output = execFileSync('journalctl', ['--unit=passalong-*', '--output=json', '--no-pager', ...since], {
    encoding: 'utf8',
    maxBuffer: 512 * 1024 * 1024,
  });
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { MESSAGE, __CURSOR: cursor, __REALTIME_TIMESTAMP: micros } = JSON.parse(line);
      // What is no UTF-8 comes as a list of bytes.
      const text = Array.isArray(MESSAGE) ? Buffer.from(MESSAGE).toString() : String(MESSAGE ?? '');
      return {
        cursor,
        timestamp: Math.floor(Number(micros) / 1000),
        message: text.slice(0, MAX_LINE) || ' ',
      };
    });
}

function* inBatches(all) {
  let batch = [];
  let bytes = 0;
  for (const entry of all) {
    const size = Buffer.byteLength(entry.message) + EVENT_OVERHEAD_BYTES;
    if (batch.length === MAX_EVENTS || bytes + size > MAX_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function createStream() {
  try {
    aws('create-log-stream', ...place);
  } catch (error) {
    if (!String(error.stderr).includes('ResourceAlreadyExists')) throw error;
  }
}

function putEvents(batch) {
  const events = batch.map(({ timestamp, message }) => ({ timestamp, message }));
  const folder = mkdtempSync(join(tmpdir(), 'passalong-logs-'));
  try {
    const file = join(folder, 'events.json');
    writeFileSync(file, JSON.stringify(events.sort((one, other) => one.timestamp - other.timestamp)));
    aws('put-log-events', ...place, '--log-events', `file://${file}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function aws(...args) {
  execFileSync('aws', ['logs', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
}

import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A folder that stands for a machine, and commands that write down how they were called. */
export interface FakeMachine {
  root: string;
  /** What was called since the last look, one line each. */
  takeCalls(): string[];
  read(path: string): string;
  /** A release as the artefact unpacks. */
  addRelease(name: string): void;
  /** Makes a command print `output`, or fail with it, where its arguments hold `part`; for so many times. */
  answer(command: string, part: string, output: string, status?: number, times?: number): void;
  run(
    script: string,
    args?: string[],
    env?: Record<string, string>,
  ): Promise<{ status: number; output: string }>;
}

const COMMANDS = ['aws', 'systemctl', 'journalctl', 'useradd', 'id'];
const UNITS = ['web', 'worker', 'bot', 'migrate'].map((name) => `passalong-${name}.service`);

export function createFakeMachine(): FakeMachine {
  const root = mkdtempSync(join(tmpdir(), 'passalong-machine-'));
  const bin = join(root, 'fake-bin');
  const calls = join(root, 'calls');
  mkdirSync(join(root, 'opt'), { recursive: true });
  mkdirSync(bin);
  for (const command of COMMANDS) {
    mkdirSync(join(root, `answers-${command}`));
    writeFileSync(join(bin, command), fakeCommand(command, calls, join(root, `answers-${command}`)));
    chmodSync(join(bin, command), 0o755);
  }
  let answers = 0;
  const scripts = join(root, 'scripts');
  cpSync(fileURLToPath(new URL('../instance', import.meta.url)), scripts, { recursive: true });
  return {
    root,
    takeCalls() {
      const lines = existsSync(calls) ? readFileSync(calls, 'utf8').split('\n').filter(Boolean) : [];
      writeFileSync(calls, '');
      return lines;
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    addRelease(name) {
      const folder = join(root, 'opt', name, 'systemd');
      mkdirSync(folder, { recursive: true });
      for (const unit of UNITS) writeFileSync(join(folder, unit), `# ${unit} of ${name}\n`);
    },
    answer(command, part, output, status = 0, times = -1) {
      const folder = join(root, `answers-${command}`, String(1_000 + (answers += 1)));
      mkdirSync(folder);
      for (const [name, value] of Object.entries({ part, output, status, times })) {
        writeFileSync(join(folder, name), String(value));
      }
    },
    run: (script, args = [], env = {}) =>
      new Promise((resolve) => {
        const options = {
          env: { ROOT: root, PATH: `${bin}:/usr/bin:/bin`, SETTLE_MS: '0', LOOK_EVERY_MS: '10', ...env },
        };
        const all = [join(scripts, script), ...args];
        const child = execFile(process.execPath, all, options, (_error, stdout, stderr) => {
          resolve({ status: child.exitCode ?? -1, output: stdout + stderr });
        });
      }),
  };
}

/** A shell script, since a machine calls many: the last answer that fits and is not used up counts. */
function fakeCommand(name: string, calls: string, answers: string): string {
  return `#!/bin/bash
line="${name} $*"
for arg; do case $arg in file://*) line="$line $(<"\${arg#file://}")" ;; esac; done
printf '%s\n' "$line" >> '${calls}'
for answer in $(ls -r '${answers}'); do
  folder='${answers}'/$answer
  [[ $line == *"$(<"$folder/part")"* ]] || continue
  times=$(<"$folder/times")
  [[ $times = 0 ]] && continue
  echo $((times - 1)) > "$folder/times"
  status=$(<"$folder/status")
  if [[ $status = 0 ]]; then cat "$folder/output"; else cat "$folder/output" >&2; fi
  exit "$status"
done
`;
}

/**
 * Client libraries of other languages, as Debian packages them, on a cluster that `kintsugi up` started: they speak HTTP/1.1,
 * and know nothing of this project. Skipped where they are not installed (`.ci/run` installs them).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { runCommand } from '../tools/running-command.ts';
import { startUpCluster, type UpCluster } from '../tools/up-cluster.ts';

/** By step of the program: its result. */
type Results = Record<string, unknown>;

interface Language {
  /** The system's own: another one that comes first in PATH does not see Debian's packages. */
  interpreter: string;
  /** Ends with 0 where the library is there. */
  probe: readonly string[];
  program: string;
  expected: Results;
}

const STALE =
  'Operation cannot be fulfilled on configmaps "ruby": the object has been modified; ' +
  'please apply your changes to the latest version and try again';

const LANGUAGES: Readonly<Record<string, Language>> = {
  'kubernetes for Python': {
    interpreter: '/usr/bin/python3',
    probe: ['-c', 'import kubernetes'],
    program: 'python-client.py',
    expected: {
      typed: [{ a: '1', b: '2', c: '3' }, [409, 'AlreadyExists'], [404, 'NotFound']],
      pages: [[3, 3, 1], 0],
      rollout: ['ADDED', 'MODIFIED', 3],
      streams: [['err', 'out'], 'in\n', 3, 'hello\n'],
      followed_log: 'hello',
      forwarded_port: 'HTTP/1.1 200 OK',
      custom_kind: { a: 1, b: 2 },
      leadership: true,
      reviews: [true, 'system:serviceaccount:default:default'],
    },
  },
  'kubeclient for Ruby': {
    interpreter: '/usr/bin/ruby',
    probe: ['-e', 'require "kubeclient"'],
    program: 'ruby-client.rb',
    expected: {
      typed: [{ b: '2', c: '3', d: '4' }, [409, STALE], ['Apply', 'Update']],
      watched: [
        ['ADDED', 'seen'],
        ['DELETED', 'seen'],
      ],
      paged: [1, false, true],
      missing: [404, 'pods "none" not found'],
    },
  },
};

let cluster: UpCluster;
before(async () => {
  cluster = await startUpCluster();
});
after(() => cluster?.[Symbol.asyncDispose]());

for (const [name, { interpreter, probe, program, expected }] of Object.entries(LANGUAGES)) {
  const isInstalled = spawnSync(interpreter, probe, { stdio: 'ignore' }).status === 0;
  suite(name, { skip: isInstalled ? false : `${interpreter} has no such library` }, () => {
    const results: Results = {};
    let complaint = '';
    before(async () => {
      const file = path.join(import.meta.dirname, program);
      const { stdout, stderr } = await runCommand(interpreter, [file, cluster.kubeconfig]);
      for (const line of stdout.split('\n').filter((text) => text !== '')) {
        const { step, result } = JSON.parse(line) as { step: string; result: unknown };
        results[step] = result;
      }
      complaint = stderr;
    });
    for (const [step, result] of Object.entries(expected)) {
      test(step, () => assert.deepEqual(results[step], result, complaint));
    }
  });
}

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import type { LogRecord, ReadLogOptions } from '../runtime.ts';
import { ContainerLog } from './container-log.ts';
import { decodeRecord, encodeRecords, LINE_MAX_BYTES, parseLogFileName } from './log-format.ts';

const never = new AbortController().signal;
const FOREVER = { maxFileBytes: 1 << 30, maxFiles: 5 };

function newPlace(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'kintsugi-log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const ioDirectory = join(directory, 'io');
  const logDirectory = join(directory, 'log');
  mkdirSync(ioDirectory);
  const clock = newSimulatedClock(Date.UTC(2026, 4, 1));
  return {
    clock,
    logDirectory,
    write: (stream: LogRecord['stream'], text: string) => appendFileSync(join(ioDirectory, stream), text),
    open: (limits = FOREVER) =>
      new ContainerLog({ ioDirectory, logDirectory, clock, fallocate: undefined, ...limits }),
  };
}

async function read(log: ContainerLog, options: Partial<ReadLogOptions> = {}): Promise<string> {
  let text = '';
  for await (const { line } of log.read({ follow: false, ...options }, never))
    text += Buffer.from(line).toString();
  return text;
}

test('ContainerLog holds back an unfinished line until it is finished or the container has ended', async (t) => {
  const { write, open } = newPlace(t);
  const log = open();
  write('stdout', 'whole\nhal');
  assert.equal(await read(log), 'whole\n');
  write('stdout', 'f\nrest');
  assert.equal(await read(log), 'whole\nhalf\n');
  await log.finish();
  assert.equal(await read(log), 'whole\nhalf\nrest');
});

test('ContainerLog continues where another one was killed, torn record and all', async (t) => {
  const { write, open, logDirectory } = newPlace(t);
  write('stdout', 'one\ntwo\n');
  write('stderr', 'bad\n');
  const killed = open();
  await killed.drain();
  await killed.close();
  const [file] = readdirSync(logDirectory);
  appendFileSync(join(logDirectory, file!), '2026-05-01T00:00:00.000000000Z stdout F thr');
  write('stdout', 'three\n');
  const next = open();
  assert.equal(await read(next), 'one\ntwo\nbad\nthree\n');
  await next.close();
});

test('ContainerLog rotates without losing its place, and keeps so many files', async (t) => {
  const { write, open, logDirectory } = newPlace(t);
  const limits = { maxFileBytes: 1000, maxFiles: 3 };
  let log = open(limits);
  for (let i = 0; i < 200; i++) {
    write('stdout', `line ${i}\n`);
    await log.drain();
    if (i % 7 !== 0) continue;
    await log.close();
    log = open(limits);
  }
  const kept = (await read(log)).trim().split('\n');
  assert.equal(kept.at(-1), 'line 199');
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => `line ${200 - kept.length + i}`),
  );
  assert.equal(readdirSync(logDirectory).length, 3);
  assert.equal(
    await read(log, { tailLines: 30 }),
    kept
      .slice(-30)
      .map((line) => `${line}\n`)
      .join(''),
  );
  await log.close();
});

test('ContainerLog follows through rotation until the end', async (t) => {
  const { write, open } = newPlace(t);
  const log = open({ maxFileBytes: 500, maxFiles: 100 });
  const following = read(log, { follow: true });
  for (let i = 0; i < 100; i++) {
    write('stdout', `line ${i}\n`);
    await log.drain();
  }
  await log.finish();
  assert.equal(await following, Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(''));
});

test('ContainerLog gives lines since a time', async (t) => {
  const { write, open, clock } = newPlace(t);
  const log = open();
  write('stdout', 'early\n');
  await log.drain();
  await clock.advance(5000);
  write('stdout', 'late\n');
  await log.drain();
  assert.equal(await read(log, { sinceMs: clock.now() - 1000 }), 'late\n');
  await log.close();
});

test('ContainerLog writes the format of CRI', async (t) => {
  const { write, open, logDirectory } = newPlace(t);
  write('stderr', `${'x'.repeat(LINE_MAX_BYTES)}y\n`);
  const log = open();
  await log.drain();
  await log.close();
  const [name] = readdirSync(logDirectory);
  assert.deepEqual(parseLogFileName(name!), { sequence: 0, stdout: 0, stderr: 0 });
  const stamp = '2026-05-01T00:00:00.000000000Z stderr';
  assert.equal(
    readFileSync(join(logDirectory, name!), 'utf8'),
    `${stamp} P ${'x'.repeat(LINE_MAX_BYTES)}\n${stamp} F y\n`,
  );
});

test('encodeRecords loses and invents nothing, however the stream is cut', () => {
  const text = fc
    .array(fc.oneof(fc.constant('\n'), fc.string({ maxLength: 40 }), fc.constant('z'.repeat(20_000))))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (content) => {
      const raw = Buffer.from(content);
      const { records, consumed } = encodeRecords(raw, { timestamp: 'T', stream: 'stdout', isLast: true });
      assert.equal(consumed, raw.length);
      const lines: Buffer[] = [];
      for (let start = 0; start < records.length; ) {
        const end = records.indexOf(10, start);
        lines.push(Buffer.from(decodeRecord(records.subarray(start, end))!.line));
        start = end + 1;
      }
      assert.ok(Buffer.concat(lines).equals(raw));
    }),
  );
});

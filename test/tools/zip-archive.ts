/**
 * Reads single files out of a zip archive: enough of the format for archives that ordinary tools write
 * (stored or deflated entries, no encryption, no zip64).
 *
 * @see PKWARE APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end)
 */
import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';

const inflate = promisify(inflateRaw);

const END_SIGNATURE = 0x06054b50;
const END_SIZE = 22;
const COMMENT_MAX = 65_535;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_SIZE = 46;
const LOCAL_HEADER_SIZE = 30;

interface ZipEntry {
  name: string;
  deflated: boolean;
  crc: number;
  packedBytes: number;
  headerOffset: number;
}

/** The contents of the entry `name`; throws when the archive has no such entry or it is damaged. */
export async function readZipEntry(archivePath: string, name: string): Promise<Buffer> {
  const file = await open(archivePath);
  try {
    const entry = (await readDirectory(file)).find((candidate) => candidate.name === name);
    assert(entry, `${archivePath} has no entry ${name}`);
    const header = await readAt(file, entry.headerOffset, LOCAL_HEADER_SIZE);
    const dataOffset =
      entry.headerOffset + LOCAL_HEADER_SIZE + header.readUInt16LE(26) + header.readUInt16LE(28);
    const packed = await readAt(file, dataOffset, entry.packedBytes);
    const contents = entry.deflated ? await inflate(packed) : packed;
    assert.equal(crc32(contents), entry.crc, `${archivePath}: ${name} is damaged`);
    return contents;
  } finally {
    await file.close();
  }
}

async function readDirectory(file: FileHandle): Promise<ZipEntry[]> {
  const { size } = await file.stat();
  const tailBytes = Math.min(size, END_SIZE + COMMENT_MAX);
  const tail = await readAt(file, size - tailBytes, tailBytes);
  let end = tail.length - END_SIZE;
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end--;
  assert(end >= 0, 'not a zip archive');
  const directory = await readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const entries: ZipEntry[] = [];
  for (let at = 0; at < directory.length; ) {
    assert.equal(directory.readUInt32LE(at), ENTRY_SIGNATURE, 'damaged zip directory');
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + ENTRY_SIZE, at + ENTRY_SIZE + nameBytes),
      deflated: directory.readUInt16LE(at + 10) === 8,
      crc: directory.readUInt32LE(at + 16),
      packedBytes: directory.readUInt32LE(at + 20),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at += ENTRY_SIZE + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  assert.equal(bytesRead, length, 'truncated zip archive');
  return buffer;
}

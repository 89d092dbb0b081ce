import { readFileSync, rmSync } from 'node:fs';
import type { KeeperState, KeeperStateFile } from '../keeper/keeper-state.ts';
import { writeFileAtomically } from './atomic-file.ts';

/** The keeper's state as JSON at `path`. */
export function newKeeperStateFile(path: string): KeeperStateFile {
  return {
    read: () => readState(path),
    write: (state) => writeFileAtomically(path, `${JSON.stringify(state, null, 2)}\n`),
    remove: () => rmSync(path, { force: true }),
  };
}

function readState(path: string): KeeperState | undefined {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as KeeperState;
    return state.version === 1 ? state : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

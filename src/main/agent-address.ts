/** Where a node's agent serves: `nodes/NAME/agent.json`, gone while it starts. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../platform/atomic-file.ts';
import type { ServerAddress } from './server-address.ts';

function addressFile(dataDir: string, name: string): string {
  return path.join(dataDir, 'nodes', name, 'agent.json');
}

/** `undefined` while the agent does not serve yet. */
export function readAgentAddress(dataDir: string, name: string): ServerAddress | undefined {
  try {
    return JSON.parse(readFileSync(addressFile(dataDir, name), 'utf8')) as ServerAddress;
  } catch {
    return undefined;
  }
}

export function writeAgentAddress(dataDir: string, name: string, address: ServerAddress): void {
  writeFileAtomically(addressFile(dataDir, name), `${JSON.stringify(address)}\n`);
}

/** Makes the node's directory, too. */
export function clearAgentAddress(dataDir: string, name: string): void {
  mkdirSync(path.dirname(addressFile(dataDir, name)), { recursive: true, mode: 0o700 });
  rmSync(addressFile(dataDir, name), { force: true });
}

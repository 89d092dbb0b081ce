/** Where the processes of a data directory show that they live. */
import {
  askLiveness,
  type Liveness,
  type LivenessSocket,
  openLivenessSocket,
} from '../platform/liveness-socket.ts';
import { nodeDirectory } from './cluster-node.ts';

const SERVER_SOCKET = 'server.sock';
const AGENT_SOCKET = 'agent.sock';

export function openServerLiveness(dataDir: string): Promise<LivenessSocket> {
  return openLivenessSocket(dataDir, SERVER_SOCKET);
}

export function openAgentLiveness(dataDir: string, node: string): Promise<LivenessSocket> {
  return openLivenessSocket(nodeDirectory(dataDir, node), AGENT_SOCKET);
}

export function askServer(dataDir: string, signal: AbortSignal): Promise<Liveness> {
  return askLiveness(dataDir, SERVER_SOCKET, signal);
}

export function askAgent(dataDir: string, node: string, signal: AbortSignal): Promise<Liveness> {
  return askLiveness(nodeDirectory(dataDir, node), AGENT_SOCKET, signal);
}

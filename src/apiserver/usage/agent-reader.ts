/** How the API server asks nodes' agents for something itself, where it does not join a client to them. */
import type { TunnelTarget } from '../../api/message.ts';

/** Asks nodes' agents, as the API server itself. */
export interface AgentReader {
  /** The JSON at `path`. @throws StatusError when the agent cannot be reached, refuses, or answers something else */
  readJson(
    agent: Pick<TunnelTarget, 'host' | 'port' | 'description'>,
    path: string,
    signal: AbortSignal,
  ): Promise<unknown>;
}

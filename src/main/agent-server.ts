/** The agent's own HTTPS port: logs, exec, attach, port-forward for the API server, health for the keeper. */
import type { Pod } from '../api/generated/core-v1.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { ContainerRuntime } from '../container-runtime/runtime.ts';
import { API_SERVER_CLIENT, newAgentApi } from '../kubelet/server/agent-api.ts';
import { newHttpsServer } from '../platform/https-server.ts';
import { newStreamingUpgrade } from '../platform/kubelet-streaming.ts';
import { readMachineUse } from '../platform/machine-use.ts';
import type { ServerTls } from '../platform/pki.ts';
import type { ClusterNode } from './cluster-node.ts';

export interface AgentServerOptions {
  log: Logger;
  node: ClusterNode;
  tls: ServerTls;
  runtime: ContainerRuntime;
  clock: Clock;
}

export interface AgentServer {
  listen(): Promise<{ port: number }>;
  /** From now on the Pods of the node are these. */
  serve(pods: () => readonly Pod[]): void;
  setTls(tls: ServerTls): void;
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 1_000;

export function newAgentServer(options: AgentServerOptions, signal: AbortSignal): AgentServer {
  const { log, node, runtime, clock } = options;
  let pods: () => readonly Pod[] = () => [];
  const api = newAgentApi({
    clock,
    runtime,
    nodeName: node.name,
    pods: () => pods(),
    nodeUse: readMachineUse,
    allowedClients: [API_SERVER_CLIENT],
  });
  const server = newHttpsServer(log, {
    host: node.ip,
    port: 0,
    tls: options.tls,
    handle: (request, requestSignal) => api.handle(request, requestSignal),
    onUpgrade: newStreamingUpgrade({ api, log, signal }),
  });
  return {
    listen: () => server.listen(),
    serve(source) {
      pods = source;
    },
    setTls: (tls) => server.setTls(tls),
    close: () => server.close(CLOSE_GRACE_MS),
  };
}

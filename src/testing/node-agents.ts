/**
 * The agents' own API (logs, exec, attach, port-forward) of a cluster whose nodes have no sockets: the API server's tunnels
 * end at the kubelet's shipped handler over the simulated runtime.
 */
import type { ApiRequest, ApiResponse, Peer, Transport, TunnelTarget } from '../api/message.ts';
import { PODS } from '../api/resources.ts';
import { StatusError } from '../base/status-error.ts';
import { type AgentApi, newAgentApi } from '../kubelet/server/agent-api.ts';
import type { SimulatedNode } from '../simulation/world/sim-node.ts';
import { CONTROL_PLANE, type World } from '../simulation/world/world.ts';

export class NodeAgents {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** A transport whose answers are never tunnels. */
  opening(transport: Transport): Transport {
    return {
      send: async (request, signal) => {
        const response = await transport.send(request, signal);
        if (response.body.kind !== 'tunnel') return response;
        return this.#forward(response.body.target, request, signal);
      },
    };
  }

  /** The agent at `target`, and the request as it arrives there. @throws StatusError when nobody answers */
  dial(target: TunnelTarget, request: ApiRequest): { api: AgentApi; request: ApiRequest } {
    const isAgent = (target.proxied?.scheme ?? 'agent') === 'agent';
    const node = isAgent
      ? [...this.#world.nodes.values()].find(({ host }) => host.ip === target.host)
      : undefined;
    const problem = node === undefined ? 'no route to host' : this.#problemOf(node.name);
    if (node === undefined || problem !== undefined) {
      const address = `${target.host}:${target.port}`;
      throw new StatusError(
        'InternalError',
        `error dialing backend: dial tcp ${address}: connect: ${problem} (${target.description})`,
      );
    }
    const peer: Peer = { kind: 'internal', user: { username: 'kube-apiserver', groups: [] } };
    const query = new URLSearchParams(target.query);
    return { api: this.#apiOf(node), request: { ...request, path: target.path, query, peer } };
  }

  async #forward(target: TunnelTarget, request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const agent = this.dial(target, request);
    return agent.api.handle(agent.request, signal);
  }

  #problemOf(node: string): string | undefined {
    const { network } = this.#world;
    const machine = this.#world.machine(node);
    const isCut =
      network.conditions(CONTROL_PLANE, node).isCut || network.conditions(node, CONTROL_PLANE).isCut;
    if (!machine.isOn || machine.isFrozen || isCut) return 'no route to host';
    return machine.process('agent') === undefined ? 'connection refused' : undefined;
  }

  #apiOf({ name, host }: SimulatedNode): AgentApi {
    const { clock } = this.#world;
    return newAgentApi({
      clock,
      runtime: host.runtime,
      nodeName: name,
      pods: () => this.#world.objects(PODS).filter(({ spec }) => spec.nodeName === name),
      allowedClients: [],
    });
  }
}

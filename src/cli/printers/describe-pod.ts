/** What `describe pod` adds to the generic picture: the state of each container, and conditions as a table. */
import type { Container, ContainerState, ContainerStatus, Pod, Probe } from '../../api/generated/core-v1.ts';
import type { DescribeSection } from './describe.ts';

export function describePod(pod: Pod): DescribeSection[] {
  const { spec, status } = pod;
  return [
    {
      fields: [
        ['Node', spec?.nodeName ? `${spec.nodeName}/${status?.hostIP ?? ''}` : '<none>'],
        ['Start Time', status?.startTime ?? '<unknown>'],
        ['Status', statusOf(pod)],
        ['IP', status?.podIP ?? '<none>'],
        ['Controlled By', controllerOf(pod)],
        ['QoS Class', status?.qosClass ?? '<unset>'],
      ],
    },
    ...containerSections('Init Containers', spec?.initContainers, status?.initContainerStatuses),
    ...containerSections('Containers', spec?.containers, status?.containerStatuses),
    {
      title: 'Conditions',
      table: {
        header: ['Type', 'Status', 'Reason', 'Message'],
        rows: (status?.conditions ?? []).map(({ type, status: value, reason = '', message = '' }) => [
          type,
          value,
          reason,
          message,
        ]),
      },
    },
  ];
}

function statusOf({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) return `Terminating (since ${metadata.deletionTimestamp})`;
  const reason = status?.reason === undefined ? '' : ` (${status.reason}: ${status.message ?? ''})`;
  return `${status?.phase ?? 'Pending'}${reason}`;
}

function controllerOf({ metadata }: Pod): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined ? '<none>' : `${owner.kind}/${owner.name}`;
}

function containerSections(
  title: string,
  containers: readonly Container[] | undefined,
  statuses: readonly ContainerStatus[] | undefined,
): DescribeSection[] {
  return (containers ?? []).map((container, i) => ({
    ...(i === 0 ? { title } : {}),
    name: container.name,
    fields: containerFields(
      container,
      statuses?.find(({ name }) => name === container.name),
    ),
  }));
}

function containerFields(container: Container, status: ContainerStatus | undefined): [string, string][] {
  const fields: [string, string][] = [
    ['Container ID', status?.containerID ?? ''],
    ['Image', container.image ?? ''],
    [
      'Ports',
      (container.ports ?? []).map(({ containerPort, protocol }) => `${containerPort}/${protocol}`).join(', '),
    ],
    ...stateFields('State', status?.state),
    ...stateFields('Last State', status?.lastState),
    ['Ready', status?.ready === true ? 'True' : 'False'],
    ['Restart Count', String(status?.restartCount ?? 0)],
    ['Limits', quantities(container.resources?.limits)],
    ['Requests', quantities(container.resources?.requests)],
    ['Liveness', probe(container.livenessProbe)],
    ['Readiness', probe(container.readinessProbe)],
    ['Startup', probe(container.startupProbe)],
  ];
  return fields.filter(([, value]) => value !== '');
}

function stateFields(label: string, state: ContainerState | undefined): [string, string][] {
  const { waiting, running, terminated } = state ?? {};
  if (running !== undefined) return [[label, `Running since ${running.startedAt ?? ''}`]];
  if (waiting !== undefined) return [[label, sentence('Waiting', waiting.reason, waiting.message)]];
  if (terminated === undefined) return [];
  const signal = terminated.signal === undefined ? '' : `, signal ${terminated.signal}`;
  const ended = `exit code ${terminated.exitCode}${signal}, ${terminated.startedAt ?? ''} to ${terminated.finishedAt ?? ''}`;
  return [[label, `${sentence('Terminated', terminated.reason, terminated.message)}; ${ended}`]];
}

function sentence(state: string, reason = '', message = ''): string {
  return [state, reason && ` (${reason})`, message && `: ${message}`].join('');
}

function quantities(values: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(values ?? {})
    .map(([name, quantity]) => `${name}=${quantity}`)
    .join(', ');
}

/** In kubectl's notation: what is asked, then the numbers. */
function probe(value: Probe | undefined): string {
  if (value === undefined) return '';
  const { httpGet, tcpSocket, exec, grpc } = value;
  const what =
    (httpGet &&
      `http-get ${(httpGet.scheme ?? 'HTTP').toLowerCase()}://${httpGet.host ?? ''}:${httpGet.port}${httpGet.path ?? ''}`) ??
    (tcpSocket && `tcp-socket ${tcpSocket.host ?? ''}:${tcpSocket.port}`) ??
    (exec && `exec [${(exec.command ?? []).join(' ')}]`) ??
    (grpc && `grpc <pod>:${grpc.port} ${grpc.service ?? ''}`) ??
    'unknown';
  return (
    `${what} delay=${value.initialDelaySeconds ?? 0}s timeout=${value.timeoutSeconds ?? 1}s ` +
    `period=${value.periodSeconds ?? 10}s #success=${value.successThreshold ?? 1} #failure=${value.failureThreshold ?? 3}`
  );
}

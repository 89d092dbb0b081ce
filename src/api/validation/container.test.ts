import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, LifecycleHandler, Probe } from '../generated/core-v1.ts';
import { problemsOfContainer, problemsOfPod } from './pod-problems.fixture.ts';
import { validatePodTemplate } from './pod-spec.ts';

const GET = { httpGet: { port: 80, path: '/', scheme: 'HTTP' } };
const liveness = (probe: Probe) =>
  problemsOfContainer({ livenessProbe: probe }).map((text) => text.replace('livenessProbe', 'probe'));
const preStop = (handler: LifecycleHandler, grace = 30) =>
  problemsOfContainer({ lifecycle: { preStop: handler } }, { terminationGracePeriodSeconds: grace });
const initial = (container: Partial<Container>) =>
  problemsOfPod({ initContainers: [{ name: 'd', image: 'i', ...container }] }).map((text) =>
    text.replace('spec.initContainers[0].', ''),
  );

test('validateAnyContainer lets only a template write spaces around an image', () => {
  deepEqual(problemsOfContainer({ image: ' i' }), [
    'image: Invalid value: " i": must not have leading or trailing whitespace',
  ]);
  const spec = { containers: [{ name: 'c', image: ' i' }] };
  deepEqual(validatePodTemplate({ spec }, 'template'), []);
});

test('validatePorts judges numbers and names', () => {
  const ports = (...items: object[]) => problemsOfContainer({ ports: items as never });
  deepEqual(ports({ containerPort: 80, name: 'web', protocol: 'TCP' }), []);
  deepEqual(ports({ protocol: 'TCP' }, { containerPort: 65_536, hostPort: -1, protocol: 'ICMP' }), [
    'ports[0].containerPort: Required value',
    'ports[1].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
    'ports[1].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive',
    'ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ]);
  deepEqual(ports({ containerPort: 80, name: 'web' }, { containerPort: 81, name: 'web' }), [
    'ports[1].name: Duplicate value: "web"',
  ]);
});

test('validateProbesAndHooks wants one way to ask, well told', () => {
  deepEqual(liveness({ ...GET, successThreshold: 1 }), []);
  deepEqual(liveness({}), ['probe: Required value: must specify a handler type']);
  deepEqual(liveness({ ...GET, exec: { command: [] } }), [
    'probe.exec.command: Required value',
    'probe.httpGet: Forbidden: may not specify more than 1 handler type',
  ]);
  const headers = [
    { name: 'X-Good', value: '' },
    { name: 'a_b', value: '' },
  ];
  deepEqual(liveness({ httpGet: { port: 'a_b', scheme: 'FTP', httpHeaders: headers } }), [
    'probe.httpGet.port: Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'probe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
    "probe.httpGet.httpHeaders: Invalid value: \"a_b\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ]);
  deepEqual(liveness({ tcpSocket: {} as never }), [
    'probe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive',
  ]);
});

test('validateProbesAndHooks judges how often is asked', () => {
  deepEqual(liveness({ ...GET, periodSeconds: -1, successThreshold: 2, terminationGracePeriodSeconds: 0 }), [
    'probe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
    'probe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
    'probe.successThreshold: Invalid value: 2: must be 1',
  ]);
  const readinessProbe = { ...GET, successThreshold: 2, terminationGracePeriodSeconds: 3 };
  deepEqual(problemsOfContainer({ readinessProbe }), [
    'readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set for readinessProbes',
  ]);
});

test('validateProbesAndHooks gives a hook no more time than the Pod has', () => {
  deepEqual(preStop({ sleep: { seconds: 0 } }), []);
  deepEqual(preStop({ sleep: { seconds: 10 } }, 5), [
    'lifecycle.preStop.sleep: Invalid value: 10: must be non-negative and less than terminationGracePeriodSeconds (5)',
  ]);
  deepEqual(preStop({}), ['lifecycle.preStop: Required value: must specify a handler type']);
});

test('validateContainerRestarts wants rules that can be followed', () => {
  const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [1] } };
  const restarts = (container: Partial<Container>) => problemsOfContainer(container);
  deepEqual(restarts({ restartPolicy: 'Never', restartPolicyRules: [rule] }), []);
  deepEqual(restarts({ restartPolicy: 'Maybe' }), [
    'restartPolicy: Unsupported value: "Maybe": supported values: "Always", "Never", "OnFailure"',
  ]);
  deepEqual(restarts({ restartPolicyRules: [{ action: 'Stop' }] }), [
    'restartPolicy: Required value: must specify restartPolicy when restart rules are used',
    'restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers"',
    'restartPolicyRules[0].exitCodes: Required value: must be specified',
  ]);
  const odd = { action: 'Restart', exitCodes: { operator: 'Above', values: Array(256).fill(1) as number[] } };
  deepEqual(
    restarts({ restartPolicy: 'Never', restartPolicyRules: [...Array(20).fill(rule), odd] as never }),
    [
      'restartPolicyRules: Too many: 21: must have at most 20 items',
      'restartPolicyRules[20].exitCodes.operator: Unsupported value: "Above": supported values: "In", "NotIn"',
      'restartPolicyRules[20].exitCodes.values: Too many: 256: must have at most 255 items',
    ],
  );
});

test('validateResizePolicies wants each resource once, and a policy that the Pod can keep', () => {
  const cpu = { resourceName: 'cpu', restartPolicy: 'RestartContainer' };
  const resize = (policies: object[], restartPolicy = 'Always') =>
    problemsOfContainer({ resizePolicy: policies as never }, { restartPolicy });
  deepEqual(resize([cpu]), []);
  deepEqual(resize([cpu, cpu, { resourceName: 'disk', restartPolicy: '' }]), [
    'resizePolicy[1]: Duplicate value: "cpu"',
    'resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"',
    'resizePolicy: Required value',
  ]);
  deepEqual(resize([cpu], 'Never'), [
    "resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when pod `restartPolicy` is 'Never'",
  ]);
  deepEqual(initial({ resizePolicy: [cpu], restartPolicy: 'Always' }), []);
  deepEqual(initial({ resizePolicy: [cpu] }), [
    'resizePolicy[0].restartPolicy: Invalid value: "RestartContainer": must not be set to \'RestartContainer\' for non-sidecar initContainers',
  ]);
});

test('validateInitContainer has neither probes nor hooks, a sidecar has both', () => {
  const busy = { lifecycle: { preStop: { sleep: { seconds: 1 } } }, livenessProbe: GET };
  deepEqual(initial({ ...busy, restartPolicy: 'Always' }), []);
  deepEqual(initial({ ...busy, restartPolicy: 'OnFailure' }), [
    'lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
    'livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ]);
});

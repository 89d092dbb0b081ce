/**
 * Defaults of Pods and Pod templates.
 * @see k8s.io/kubernetes/pkg/apis/core/v1/defaults.go
 */
import type {
  Container,
  LifecycleHandler,
  PersistentVolumeClaimTemplate,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
  Volume,
} from '../generated/core-v1.ts';
import { containerRequests } from '../pod-usage.ts';
import { pickResources } from '../resource-list.ts';
import { isOvercommitAllowed, isPodLevelResource } from '../resource-names.ts';
import { defaultVolumeSource } from './volume-source.ts';

export const DEFAULT_GRACE_PERIOD_SECONDS = 30;
export const DEFAULT_SCHEDULER = 'default-scheduler';
/** 0644: files of ConfigMap, Secret, downward API and projected volumes. */
const DEFAULT_FILE_MODE = 0o644;
const DEFAULT_TOKEN_EXPIRATION_SECONDS = 3600;

export function defaultPod(pod: Pod): void {
  for (const container of containersOf(pod.spec)) {
    if (container.resources) requestWhatIsLimited(container.resources);
  }
  if (pod.spec.resources?.limits) requestForWholePod(pod.spec, pod.spec.resources);
  pod.spec.enableServiceLinks ??= true;
  if (pod.spec.hostNetwork) for (const container of containersOf(pod.spec)) openOnHost(container);
  defaultPodSpec(pod.spec);
}

function containersOf({ containers, initContainers }: PodSpec): Container[] {
  return [...(initContainers ?? []), ...(containers ?? [])];
}

/** In the host's network a port is the host's. Only in Pods: their templates stay as they were written. */
function openOnHost({ ports }: Container): void {
  for (const port of ports ?? []) port.hostPort ||= port.containerPort;
}

/** A container that limits a resource and does not say what it requests, requests its limit. */
function requestWhatIsLimited(resources: ResourceRequirements): void {
  if (resources.limits === undefined) return;
  resources.requests = { ...resources.limits, ...resources.requests };
}

/** A Pod that is limited as a whole requests what its containers do, and else its limit. @see defaultPodRequests */
function requestForWholePod(spec: PodSpec, resources: ResourceRequirements): void {
  const ofContainers = pickResources(
    containerRequests(spec),
    (name) => isPodLevelResource(name) && isOvercommitAllowed(name),
  );
  const ofLimits = pickResources(resources.limits ?? {}, isPodLevelResource);
  resources.requests = { ...ofLimits, ...ofContainers, ...resources.requests };
}

export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec) defaultPodSpec(template.spec);
}

export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ??= 'ClusterFirst';
  spec.restartPolicy ??= 'Always';
  spec.terminationGracePeriodSeconds ??= DEFAULT_GRACE_PERIOD_SECONDS;
  spec.schedulerName ??= DEFAULT_SCHEDULER;
  spec.securityContext ??= {};
  defaultServiceAccountAlias(spec);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  const containers = [...containersOf(spec), ...(spec.ephemeralContainers ?? [])];
  for (const container of containers as Container[]) defaultContainer(container);
}

/** `serviceAccount` is the old name of `serviceAccountName`; both are kept equal. */
function defaultServiceAccountAlias(spec: PodSpec): void {
  const name = spec.serviceAccountName ?? spec.serviceAccount;
  if (name === undefined || name === '') return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function defaultContainer(container: Container): void {
  container.resources ??= {};
  container.terminationMessagePath ??= '/dev/termination-log';
  container.terminationMessagePolicy ??= 'File';
  container.imagePullPolicy ??= defaultPullPolicy(container.image);
  for (const port of container.ports ?? []) port.protocol ??= 'TCP';
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef) variable.valueFrom.fieldRef.apiVersion ??= 'v1';
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) defaultProbe(probe);
  }
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop]) {
    if (handler?.httpGet) defaultHttpGet(handler.httpGet);
  }
}

function defaultPullPolicy(image = ''): string {
  return isLatest(image) ? 'Always' : 'IfNotPresent';
}

/** No tag and no digest, or the tag `latest`. */
export function isLatest(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet) defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function defaultHttpGet(action: NonNullable<LifecycleHandler['httpGet']>): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  for (const source of [volume.configMap, volume.secret, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= DEFAULT_FILE_MODE;
  }
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference);
  defaultVolumeSource(volume);
  const claim: Partial<PersistentVolumeClaimTemplate> | undefined = volume.ephemeral?.volumeClaimTemplate;
  if (claim?.spec) claim.spec.volumeMode ??= 'Filesystem';
  defaultDownwardItems(volume.downwardAPI?.items);
  for (const source of volume.projected?.sources ?? []) {
    defaultDownwardItems(source.downwardAPI?.items);
    if (source.serviceAccountToken)
      source.serviceAccountToken.expirationSeconds ??= DEFAULT_TOKEN_EXPIRATION_SECONDS;
  }
}

function defaultDownwardItems(items: { fieldRef?: { apiVersion?: string } }[] | undefined): void {
  for (const item of items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ??= 'v1';
}

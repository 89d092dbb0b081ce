/**
 * Which container of a Pod a request means, and whether it can be asked: pure.
 *
 * @see kubernetes/kubernetes pkg/registry/core/pod/strategy.go LogLocation, streamLocation
 */
import type { ContainerStatus, Pod } from '../../api/generated/core-v1.ts';
import { newBadRequest } from '../errors.ts';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** The container named `asked`, or the only one, or the one that an annotation names. @throws StatusError BadRequest */
export function chooseContainer(pod: Pod, asked: string): string {
  const names = (pod.spec.containers ?? []).map(({ name }) => name);
  const initNames = (pod.spec.initContainers ?? []).map(({ name }) => name);
  const ephemeralNames = (pod.spec.ephemeralContainers ?? []).map(({ name }) => name);
  const all = [...names, ...initNames, ...ephemeralNames];
  const podName = pod.metadata.name;
  if (asked !== '') {
    if (!all.includes(asked)) throw newBadRequest(`container ${asked} is not valid for pod ${podName}`);
    return asked;
  }
  if (names.length === 1) return names[0]!;
  const annotated = pod.metadata.annotations?.[DEFAULT_CONTAINER];
  if (annotated !== undefined && all.includes(annotated)) return annotated;
  let message = `a container name must be specified for pod ${podName}`;
  if (names.length > 0) message += `, choose one of: [${names.join(' ')}]`;
  if (initNames.length > 0) message += ` or one of the init containers: [${initNames.join(' ')}]`;
  if (ephemeralNames.length > 0)
    message += ` or one of the ephemeral containers: [${ephemeralNames.join(' ')}]`;
  throw newBadRequest(message);
}

/** @throws StatusError BadRequest for a container that has not written anything yet */
export function checkHasLog(pod: Pod, container: string, previous: boolean): void {
  const status = statusOf(pod, container);
  const podName = pod.metadata.name;
  if (previous) {
    if (status !== undefined && status.lastState?.terminated === undefined) {
      throw newBadRequest(
        `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(podName)} not found`,
      );
    }
    return;
  }
  const waiting = status?.state?.waiting;
  if (waiting === undefined || status?.lastState?.terminated !== undefined) return;
  const subject = `container ${JSON.stringify(container)} in pod ${JSON.stringify(podName)}`;
  const { reason } = waiting;
  if (reason === 'ErrImagePull') throw newBadRequest(`${subject} is waiting to start: image can't be pulled`);
  if (reason === 'ImagePullBackOff')
    throw newBadRequest(`${subject} is waiting to start: trying and failing to pull image`);
  throw newBadRequest(`${subject} is waiting to start: ${reason ?? ''}`);
}

function statusOf({ status }: Pod, container: string): ContainerStatus | undefined {
  const statuses = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return statuses.find(({ name }) => name === container);
}

/**
 * Gives each new Pod its service account, that account's image pull secrets, and a projected token where containers
 * expect one.
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/serviceaccount/admission.go
 */
import type { Pod, PodSpec, ServiceAccount, Volume } from '../../api/generated/core-v1.ts';
import { PODS, SERVICE_ACCOUNTS } from '../../api/resources.ts';
import { randomSuffix } from '../../base/random.ts';
import type { StatusError } from '../../base/status-error.ts';
import { newForbidden } from '../errors.ts';
import {
  type AdmissionRequest,
  type AdmissionStep,
  type AdmissionView,
  isCreationOf,
  NotYetAdmissibleError,
} from './admission.ts';

const DEFAULT_ACCOUNT = 'default';
const TOKEN_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
/** An hour and seven seconds: so that bound tokens can be told from legacy ones. */
const TOKEN_SECONDS = 3607;
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

export const serviceAccount: AdmissionStep = {
  name: 'ServiceAccount',
  admit(request, view) {
    if (!isCreationOf(PODS, request)) return;
    const pod = request.object as unknown as Pod;
    // A mirror of what a kubelet runs by itself has no access to the API.
    if (pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return;
    const { spec } = pod;
    if (!spec.serviceAccountName) spec.serviceAccountName = DEFAULT_ACCOUNT;
    spec.serviceAccount = spec.serviceAccountName;
    const account = accountOf(request, spec.serviceAccountName, view);
    if (isTokenWanted(spec, account)) mountToken(spec, view);
    if ((spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets !== undefined) {
      spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) =>
        name === undefined ? {} : { name },
      );
    }
  },
};

function accountOf(request: AdmissionRequest, name: string, view: AdmissionView): ServiceAccount {
  const account = view.get(SERVICE_ACCOUNTS, request.namespace, name);
  if (account !== undefined) return account as unknown as ServiceAccount;
  const why = `error looking up service account ${request.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
  const refusal: StatusError = newForbidden(PODS, request.name, why);
  if (name !== DEFAULT_ACCOUNT) throw refusal;
  // A controller makes it as soon as it sees the namespace.
  const { details } = refusal;
  throw new NotYetAdmissibleError(refusal.reason, refusal.message, details === undefined ? {} : { details });
}

function isTokenWanted(spec: PodSpec, account: ServiceAccount): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken(spec: PodSpec, view: AdmissionView): void {
  const present = spec.volumes?.find(({ name }) => name.startsWith(VOLUME_PREFIX));
  const name = present?.name ?? VOLUME_PREFIX + randomSuffix(view.random, 5);
  let isUsed = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === TOKEN_DIRECTORY)) continue;
    const mount = { name, readOnly: true, mountPath: TOKEN_DIRECTORY };
    container.volumeMounts = (container.volumeMounts ?? []).concat(mount);
    isUsed = true;
  }
  if (isUsed && present === undefined) spec.volumes = (spec.volumes ?? []).concat(tokenVolume(name));
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
}

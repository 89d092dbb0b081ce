/**
 * Pod security: the labels of a namespace say how much its Pods may dare.
 *
 *     Pod                 enforce ─► refused    audit ─► annotated    warn ─► warned
 *     template of Pods                          audit ─► annotated    warn ─► warned
 *     Namespace           labels must be readable; a stricter one warns of the Pods there that violate it
 *
 * @see k8s.io/pod-security-admission/admission/admission.go
 */
import type { Namespace, Pod, PodTemplateSpec } from '../../../api/generated/core-v1.ts';
import type { ResourceRow } from '../../../api/resource-row.ts';
import {
  CRON_JOBS,
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  NAMESPACES,
  POD_TEMPLATES,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from '../../../api/resources.ts';
import { toInvalidError } from '../../../api/validation/field-error.ts';
import { newForbidden } from '../../errors.ts';
import type { AdmissionRequest, AdmissionStep, AdmissionView } from '../admission.ts';
import { evaluatePod, showViolations } from './evaluate-pod.ts';
import { compareLevels, type LevelVersion, parseNamespacePolicy, showLevel } from './namespace-policy.ts';
import { newSecuredPod, type SecuredPod } from './secured-pod.ts';
import { isSignificantUpdate } from './significant-update.ts';
import { warningsOfPods } from './warnings-of-pods.ts';

const ANNOTATION_PREFIX = 'pod-security.kubernetes.io/';
/** What goes through these says nothing of how a Pod runs. */
const IGNORED_SUBRESOURCES = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);

interface Templated {
  template?: PodTemplateSpec;
  spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } };
}

const ofSpec = ({ spec }: Templated) => spec?.template;
const TEMPLATES: ReadonlyMap<ResourceRow, (object: Templated) => PodTemplateSpec | undefined> = new Map([
  [CRON_JOBS, ({ spec }: Templated) => spec?.jobTemplate?.spec?.template],
  [POD_TEMPLATES, ({ template }: Templated) => template],
  ...[DAEMON_SETS, DEPLOYMENTS, JOBS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS].map(
    (row: ResourceRow) => [row, ofSpec] as const,
  ),
]);

export const podSecurity: AdmissionStep = {
  name: 'PodSecurity',
  admit(request, view) {
    if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return;
    if (request.row === PODS) admitPod(request, view);
    else if (request.subresource !== '') return;
    else if (request.row === NAMESPACES) admitNamespace(request, view);
    else admitTemplate(request, view);
  },
};

function admitPod(request: AdmissionRequest, view: AdmissionView): void {
  if (IGNORED_SUBRESOURCES.has(request.subresource)) return;
  const pod = request.object as unknown as Pod;
  const old = request.old as unknown as Pod | undefined;
  if (old !== undefined && !isSignificantUpdate(pod, old)) return;
  const evaluation = new Evaluation(request, view, newSecuredPod(pod.metadata, pod.spec));
  evaluation.enforce();
  evaluation.warn();
}

function admitTemplate(request: AdmissionRequest, view: AdmissionView): void {
  const template = TEMPLATES.get(request.row)?.(request.object as unknown as Templated);
  if (template?.spec === undefined) return;
  const evaluation = new Evaluation(request, view, newSecuredPod(template.metadata, template.spec));
  evaluation.audit();
  evaluation.warn();
}

/** One Pod against the modes of its namespace. */
class Evaluation {
  readonly #request: AdmissionRequest;
  readonly #pod: SecuredPod;
  readonly #policy: ReturnType<typeof parseNamespacePolicy>;

  constructor(request: AdmissionRequest, view: AdmissionView, pod: SecuredPod) {
    this.#request = request;
    this.#pod = pod;
    this.#policy = parseNamespacePolicy(view.get(NAMESPACES, '', request.namespace)?.metadata.labels);
  }

  /** @throws StatusError Forbidden; what is to be audited is told even so */
  enforce(): void {
    const { enforce } = this.#policy.policy;
    this.#annotate('enforce-policy', showLevel(enforce));
    this.audit();
    const violated = this.#violationsOf(enforce);
    if (violated === '') return;
    const { row, name } = this.#request;
    throw newForbidden(row, name, `violates PodSecurity "${showLevel(enforce)}": ${violated}`);
  }

  audit(): void {
    const { policy, errors } = this.#policy;
    if (errors.length > 0) {
      const texts = errors.map(({ field, message }) => `${field}: ${message}`);
      const shown = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
      this.#annotate('error', `Failed to parse policy: ${shown}`);
    }
    const violated = this.#violationsOf(policy.audit);
    if (violated === '') return;
    this.#annotate('audit-violations', `would violate PodSecurity "${showLevel(policy.audit)}": ${violated}`);
  }

  warn(): void {
    const { warn } = this.#policy.policy;
    const violated = this.#violationsOf(warn);
    if (violated === '') return;
    this.#request.notes.warnings.add(`would violate PodSecurity "${showLevel(warn)}": ${violated}`);
  }

  #violationsOf(wanted: LevelVersion): string {
    return showViolations(evaluatePod(wanted, this.#pod));
  }

  #annotate(key: string, value: string): void {
    this.#request.notes.auditAnnotations.set(ANNOTATION_PREFIX + key, value);
  }
}

function admitNamespace(request: AdmissionRequest, view: AdmissionView): void {
  const { labels } = (request.object as unknown as Namespace).metadata;
  const { policy, errors } = parseNamespacePolicy(labels);
  const before = request.old && parseNamespacePolicy(request.old.metadata.labels);
  if (errors.length > 0 && JSON.stringify(errors) !== JSON.stringify(before?.errors)) {
    throw toInvalidError(request.row, request.name, errors);
  }
  if (before === undefined || !isStricter(policy.enforce, before.policy.enforce)) return;
  const pods = view.list(PODS, request.name).map((object) => object as unknown as Pod);
  for (const text of warningsOfPods(request.name, pods, policy.enforce)) request.notes.warnings.add(text);
}

function isStricter(wanted: LevelVersion, before: LevelVersion): boolean {
  if (wanted.level === 'privileged') return false;
  return wanted.version !== before.version || compareLevels(wanted.level, before.level) > 0;
}

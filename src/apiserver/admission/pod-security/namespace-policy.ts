/**
 * What the labels of a namespace ask of its Pods: a level and a version of it, for each of three modes.
 *
 *     pod-security.kubernetes.io/enforce: restricted      pod-security.kubernetes.io/enforce-version: v1.35
 *
 * @see k8s.io/pod-security-admission/api/helpers.go, PolicyToEvaluate
 */
import { type FieldError, invalid } from '../../../api/validation/field-error.ts';

/** From the most permissive to the strictest. */
const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof LEVELS)[number];

export interface LevelVersion {
  level: Level;
  /** `latest`, or `v1.35` */
  version: string;
}

export interface NamespacePolicy {
  enforce: LevelVersion;
  audit: LevelVersion;
  warn: LevelVersion;
}

type Mode = keyof NamespacePolicy;
type Labels = Readonly<Record<string, string>>;

const PREFIX = 'pod-security.kubernetes.io/';
const VERSION = /^v1\.(0|[1-9]\d*)$/;

/** There is always a policy: a level that cannot be read enforces the strictest, and warns of nothing. */
export function parseNamespacePolicy(labels: Labels = {}): { policy: NamespacePolicy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const modeOf = (mode: Mode): LevelVersion => ({
    level: parseLevel(labels, mode, errors),
    version: parseVersion(labels, mode, errors),
  });
  const policy = { enforce: modeOf('enforce'), audit: modeOf('audit'), warn: modeOf('warn') };
  if (warnsAsEnforced(labels)) {
    const { level, version } = policy.enforce;
    const isVersioned = labels[`${PREFIX}warn-version`] !== undefined;
    policy.warn = { level, version: isVersioned ? policy.warn.version : version };
  }
  return { policy, errors };
}

/** Who says what is refused, and not what is warned of, is warned of what would be refused. */
function warnsAsEnforced(labels: Labels): boolean {
  return labels[`${PREFIX}warn`] === undefined && LEVELS.indexOf(labels[`${PREFIX}enforce`] as Level) > 0;
}

function parseLevel(labels: Labels, mode: Mode, errors: FieldError[]): Level {
  const text = labels[PREFIX + mode];
  if (text === undefined) return 'privileged';
  const level = LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  errors.push(invalid(fieldOf(mode), text, `must be one of ${LEVELS.join(', ')}`));
  return mode === 'enforce' ? 'restricted' : 'privileged';
}

function parseVersion(labels: Labels, mode: Mode, errors: FieldError[]): string {
  const text = labels[`${PREFIX}${mode}-version`] ?? 'latest';
  if (text === 'latest' || VERSION.test(text)) return text;
  errors.push(invalid(fieldOf(`${mode}-version`), text, 'must be "latest" or "v1.x"'));
  return 'latest';
}

function fieldOf(label: string): string {
  return `metadata.labels[${PREFIX}${label}]`;
}

/** `restricted:latest` */
export function showLevel({ level, version }: LevelVersion): string {
  return `${level}:${version}`;
}

/** The minor version whose checks count: of `latest`, every one's. */
export function minorOf({ version }: LevelVersion): number {
  return version === 'latest' ? Number.POSITIVE_INFINITY : Number(version.slice('v1.'.length));
}

/** Negative when `a` permits more than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return LEVELS.indexOf(a) - LEVELS.indexOf(b);
}

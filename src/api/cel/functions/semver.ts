/** Semantic versions. @see k8s.io/apiserver/pkg/cel/library/semverlib.go; semver.org 2.0.0 */
import { CelError } from '../cel-error.ts';
import { fn, type Overload } from '../overload.ts';
import { CelOpaque } from '../value.ts';

class CelSemver extends CelOpaque {
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelSemver && compareVersions(this, other) === 0;
  }
}

const NUMBER = '(?:0|[1-9]\\d*)';
const PRE = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const PATTERN = new RegExp(
  `^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${PRE}(?:\\.${PRE})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const LENGTH_MAX = 1000;

function parseSemver(text: string): CelSemver | undefined {
  const match = text.length > LENGTH_MAX ? null : PATTERN.exec(text);
  if (match === null) return undefined;
  return new CelSemver(
    match.slice(1, 4).map((part) => BigInt(part)),
    match[4]?.split('.') ?? [],
  );
}

/** Takes a `v` off, fills up `1` and `1.2`, and takes leading zeros off. */
function normalize(text: string): string {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?$/.exec(text);
  if (match === null) return text;
  const numbers = [match[1], match[2] ?? '0', match[3] ?? '0'].map((part) => BigInt(part!));
  return `${numbers.join('.')}${match[4] ?? ''}`;
}

function toSemver(text: string, isLoose = false): CelSemver {
  const version = parseSemver(isLoose ? normalize(text) : text);
  if (version === undefined)
    throw new CelError(`No Major.Minor.Patch elements found in ${JSON.stringify(text)}`);
  return version;
}

/** A version before its release is less than it. */
function compareVersions(a: CelSemver, b: CelSemver): number {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index]!;
    if (number !== other) return number < other ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Math.sign(b.prerelease.length - a.prerelease.length);
  }
  for (let index = 0; ; index++) {
    const [left, right] = [a.prerelease[index], b.prerelease[index]];
    if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1;
    if (left !== right) return compareParts(left, right);
  }
}

/** Numbers by value, and before words. */
function compareParts(a: string, b: string): number {
  const [left, right] = [a, b].map((part) => (/^\d+$/.test(part) ? BigInt(part) : undefined));
  if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0;
  if (left !== undefined || right !== undefined) return left !== undefined ? -1 : 1;
  return a < b ? -1 : 1;
}

const isSemver = (text: string, isLoose = false) =>
  parseSemver(isLoose ? normalize(text) : text) !== undefined;

export const SEMVER: readonly Overload[] = [
  fn('semver(string): kubernetes.Semver', (text: string) => toSemver(text)),
  fn('semver(string, bool): kubernetes.Semver', toSemver),
  fn('isSemver(string): bool', (text: string) => isSemver(text)),
  fn('isSemver(string, bool): bool', isSemver),
  ...['major', 'minor', 'patch'].map((name, index) =>
    fn(`kubernetes.Semver.${name}(): int`, ({ numbers }: CelSemver) => numbers[index]!),
  ),
  fn(
    'kubernetes.Semver.isLessThan(kubernetes.Semver): bool',
    (a: CelSemver, b: CelSemver) => compareVersions(a, b) < 0,
  ),
  fn(
    'kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool',
    (a: CelSemver, b: CelSemver) => compareVersions(a, b) > 0,
  ),
  fn('kubernetes.Semver.compareTo(kubernetes.Semver): int', (a: CelSemver, b: CelSemver) =>
    BigInt(compareVersions(a, b)),
  ),
];

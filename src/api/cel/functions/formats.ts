/** Named formats of strings: `format.dns1123Label().validate(self.name)`. @see k8s.io/apiserver/pkg/cel/library/format.go */
import { formatProblem } from '../../custom/formats.ts';
import {
  dns1035LabelProblem,
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  labelValueProblem,
  qualifiedNameProblem,
} from '../../validation/names.ts';
import { define, fn, type Overload } from '../overload.ts';
import { CelOpaque, CelOptional } from '../value.ts';

type Check = (text: string) => string | undefined;

class CelFormat extends CelOpaque {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  readonly check: Check;

  constructor(name: string, check: Check) {
    super();
    this.name = name;
    this.check = check;
  }

  override equals(other: CelOpaque): boolean {
    return other instanceof CelFormat && other.name === this.name;
  }
}

/** What a generated name starts with: a dash at its end is followed by more. */
function prefix(check: Check): Check {
  return (text) => check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
}

function shaped(format: string, problem: string): Check {
  return (text) => (formatProblem(format, text) === undefined ? undefined : problem);
}

const BASE64 = 'invalid base64';
const CHECKS: Readonly<Record<string, Check>> = {
  dns1123Label: dns1123LabelProblem,
  dns1123Subdomain: dns1123SubdomainProblem,
  dns1035Label: dns1035LabelProblem,
  dns1123LabelPrefix: prefix(dns1123LabelProblem),
  dns1123SubdomainPrefix: prefix(dns1123SubdomainProblem),
  dns1035LabelPrefix: prefix(dns1035LabelProblem),
  qualifiedName: qualifiedNameProblem,
  labelValue: labelValueProblem,
  uri: (text) => (/^(?:[A-Za-z][A-Za-z0-9+.-]*:|\/)\S*$/.test(text) ? undefined : 'invalid URI for request'),
  uuid: shaped('uuid', 'does not match the UUID format'),
  byte: shaped('byte', BASE64),
  date: shaped('date', 'invalid date'),
  datetime: shaped('date-time', 'invalid datetime'),
};

const FORMAT_BY_NAME = new Map(
  Object.entries(CHECKS).map(([name, check]) => [name, new CelFormat(name, check)] as const),
);

const scan = { work: (_format: CelFormat, text: string) => text.length };

export const FORMATS: readonly Overload[] = [
  ...Array.from(FORMAT_BY_NAME, ([name, format]) =>
    fn(`format.${name}(): kubernetes.NamedFormat`, () => format),
  ),
  fn(
    'format.named(string): optional<kubernetes.NamedFormat>',
    (name: string) => new CelOptional(FORMAT_BY_NAME.get(name)),
  ),
  define(
    'kubernetes.NamedFormat.validate(string): optional<list<string>>',
    ({ check }: CelFormat, text: string) => {
      const problem = check(text);
      return new CelOptional(problem === undefined ? undefined : [problem]);
    },
    scan,
  ),
];

/**
 * What expressions of admission policies see, and the variables that a policy composes of it.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/cel/compile.go, composition.go
 */
import type { CelBudget } from '../cel/budget.ts';
import { type CelType, DYN, type ObjectType, STRING } from '../cel/cel-type.ts';
import { CelEnvironment, type CelProgram, newCelLibrary } from '../cel/environment.ts';
import { CelMap, type CelValue } from '../cel/value.ts';
import { AUTHORIZER, AUTHZ_FUNCTIONS, RESOURCE_CHECK } from './authz-library.ts';
import { MUTATION_FUNCTIONS, MUTATION_STRUCTS } from './mutation-types.ts';

function objectType(name: string, fields: Readonly<Record<string, CelType>>): ObjectType {
  const byName = new Map(Object.entries(fields));
  return { kind: 'object', name, field: (field) => byName.get(field) };
}

const BOOL: CelType = { kind: 'bool' };
const GVK = objectType('kubernetes.GroupVersionKind', { group: STRING, version: STRING, kind: STRING });
const GVR = objectType('kubernetes.GroupVersionResource', {
  group: STRING,
  version: STRING,
  resource: STRING,
});
const STRINGS: CelType = { kind: 'list', item: STRING };
const USER = objectType('kubernetes.UserInfo', {
  username: STRING,
  uid: STRING,
  groups: STRINGS,
  extra: { kind: 'map', key: STRING, value: STRINGS },
});
const REQUEST = objectType('kubernetes.AdmissionRequest', {
  kind: GVK,
  resource: GVR,
  subResource: STRING,
  requestKind: GVK,
  requestResource: GVR,
  requestSubResource: STRING,
  name: STRING,
  namespace: STRING,
  operation: STRING,
  userInfo: USER,
  dryRun: BOOL,
  options: DYN,
});

const VARIABLES = {
  object: DYN,
  oldObject: DYN,
  request: REQUEST,
  namespaceObject: DYN,
  params: DYN,
  authorizer: { kind: 'opaque', name: AUTHORIZER },
  'authorizer.requestResource': { kind: 'opaque', name: RESOURCE_CHECK },
} satisfies Record<string, CelType>;

/** What a request gives to expressions; `null` for what it has not. */
export interface PolicyInput {
  object: CelValue;
  oldObject: CelValue;
  request: CelValue;
  namespaceObject: CelValue;
  params: CelValue;
  authorizer: CelValue;
  requestResource: CelValue;
}

interface ComposedVariable {
  readonly name: string;
  readonly program: CelProgram;
}

export interface PolicyEnvironmentOptions {
  hasParams: boolean;
  /** Objects and patches may be constructed. */
  isMutating: boolean;
  /** What `object`, `oldObject` and `params` are; absent: anything. */
  types?: { object: CelType; params?: CelType };
}

/** Grows by one variable after the other; each sees those before it. */
export class PolicyEnvironment {
  readonly #options: PolicyEnvironmentOptions;
  readonly #types = new Map<string, CelType>();
  readonly #environment: CelEnvironment;
  readonly #composed: ComposedVariable[] = [];

  constructor(options: PolicyEnvironmentOptions) {
    this.#options = options;
    this.#environment = newEnvironment(options, this.#types);
  }

  /** @throws CelCompileError; the variable is known then, but of any type */
  addVariable(name: string, expression: string): CelProgram {
    let type = DYN;
    try {
      const program = this.#environment.compile(expression);
      type = program.type;
      this.#composed.push({ name, program });
      return program;
    } finally {
      this.#types.set(name, type);
    }
  }

  /** @throws CelCompileError */
  compile(expression: string): CelProgram {
    return this.#environment.compile(expression);
  }

  /** The values of one evaluation; composed variables are computed when they are first asked for. */
  bind(input: PolicyInput, budget: CelBudget): readonly (CelValue | undefined)[] {
    const { object, oldObject, request, namespaceObject, params, authorizer, requestResource } = input;
    const values: CelValue[] = [object, oldObject, request, namespaceObject, authorizer, requestResource];
    if (this.#options.hasParams) values.push(params);
    values.push(new ComposedVariables(this.#composed, values, budget));
    return values;
  }
}

/** @param variables  types of the composed ones; it grows */
function newEnvironment(
  { hasParams, isMutating, types: known }: PolicyEnvironmentOptions,
  variables: ReadonlyMap<string, CelType>,
): CelEnvironment {
  const { params: anyParams, ...untyped } = VARIABLES;
  const object = known?.object ?? DYN;
  const composed: ObjectType = {
    kind: 'object',
    name: 'kubernetes.variables',
    field: (name) => variables.get(name),
  };
  const params: Record<string, CelType> = hasParams ? { params: known?.params ?? anyParams } : {};
  return new CelEnvironment(
    { ...untyped, object, oldObject: object, ...params, variables: composed },
    isMutating ? { functions: MUTATING_LIBRARY, structs: MUTATION_STRUCTS } : { functions: LIBRARY },
  );
}

const LIBRARY = newCelLibrary(AUTHZ_FUNCTIONS);
const MUTATING_LIBRARY = newCelLibrary([...AUTHZ_FUNCTIONS, ...MUTATION_FUNCTIONS]);

class ComposedVariables extends CelMap {
  readonly #composed: readonly ComposedVariable[];
  readonly #values: readonly CelValue[];
  readonly #budget: CelBudget;
  readonly #known = new Map<string, CelValue>();

  constructor(composed: readonly ComposedVariable[], values: readonly CelValue[], budget: CelBudget) {
    super();
    this.#composed = composed;
    this.#values = values;
    this.#budget = budget;
  }

  override get(key: CelValue): CelValue | undefined {
    const name = key as string;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const program = this.#composed.find((variable) => variable.name === name)?.program;
    if (program === undefined) return undefined;
    const value = program.evaluate([...this.#values, this], this.#budget);
    this.#known.set(name, value);
    return value;
  }

  override keys(): readonly CelValue[] {
    return this.#composed.map(({ name }) => name);
  }
}

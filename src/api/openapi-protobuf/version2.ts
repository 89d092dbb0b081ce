/** OpenAPI 2 as gnostic's messages. @see github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto */
import { isJsonObject, type JsonValue } from '../json.ts';
import type { MessageTable, MessageTables } from './message.ts';

/** What a parameter outside the body, a header and an item of a list say of a primitive value, from `number` on. */
function primitive(number: number): MessageTable {
  const shapes: Record<string, string> = {
    type: 'string',
    format: 'string',
    items: 'PrimitivesItems',
    collectionFormat: 'string',
    default: 'any',
    maximum: 'double',
    exclusiveMaximum: 'bool',
    minimum: 'double',
    exclusiveMinimum: 'bool',
    maxLength: 'int64',
    minLength: 'int64',
    pattern: 'string',
    maxItems: 'int64',
    minItems: 'int64',
    uniqueItems: 'bool',
    enum: 'any[]',
    multipleOf: 'double',
  };
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], index) => [name, [number + index, shape] as const]),
  );
}

const PARAMETER_HEAD: MessageTable = {
  required: [1, 'bool'],
  in: [2, 'string'],
  description: [3, 'string'],
  name: [4, 'string'],
};
const PARAMETER: MessageTable = { ...PARAMETER_HEAD, ...primitive(5), 'x-': [22, 'any'] };
const PARAMETER_MAYBE_EMPTY: MessageTable = {
  ...PARAMETER_HEAD,
  allowEmptyValue: [5, 'bool'],
  ...primitive(6),
  'x-': [23, 'any'],
};

const DOCUMENT: MessageTables['messages'] = {
  Document: {
    swagger: [1, 'string'],
    info: [2, 'Info'],
    host: [3, 'string'],
    basePath: [4, 'string'],
    schemes: [5, 'string[]'],
    consumes: [6, 'string[]'],
    produces: [7, 'string[]'],
    paths: [8, 'Paths'],
    definitions: [9, 'Schemas'],
    parameters: [10, 'Parameters'],
    responses: [11, 'ResponseDefinitions'],
    security: [12, 'SecurityRequirement[]'],
    securityDefinitions: [13, 'SecurityDefinitions'],
    tags: [14, 'Tag[]'],
    externalDocs: [15, 'ExternalDocs'],
    'x-': [16, 'any'],
  },
  Info: {
    title: [1, 'string'],
    version: [2, 'string'],
    description: [3, 'string'],
    termsOfService: [4, 'string'],
    contact: [5, 'Contact'],
    license: [6, 'License'],
    'x-': [7, 'any'],
  },
  Contact: { name: [1, 'string'], url: [2, 'string'], email: [3, 'string'], 'x-': [4, 'any'] },
  License: { name: [1, 'string'], url: [2, 'string'], 'x-': [3, 'any'] },
  ExternalDocs: { description: [1, 'string'], url: [2, 'string'], 'x-': [3, 'any'] },
  Tag: {
    name: [1, 'string'],
    description: [2, 'string'],
    externalDocs: [3, 'ExternalDocs'],
    'x-': [4, 'any'],
  },
  SecurityDefinitions: { '*': [1, 'SecurityDefinition'] },
  SecurityRequirement: { '*': [1, 'StringArray'] },
  StringArray: { '[]': [1, 'string'] },
  BasicSecurity: { type: [1, 'string'], description: [2, 'string'], 'x-': [3, 'any'] },
  ApiKeySecurity: {
    type: [1, 'string'],
    name: [2, 'string'],
    in: [3, 'string'],
    description: [4, 'string'],
    'x-': [5, 'any'],
  },
};

const OPERATIONS: MessageTables['messages'] = {
  Paths: { 'x-': [1, 'any'], '*': [2, 'PathItem'] },
  PathItem: {
    $ref: [1, 'string'],
    get: [2, 'Operation'],
    put: [3, 'Operation'],
    post: [4, 'Operation'],
    delete: [5, 'Operation'],
    options: [6, 'Operation'],
    head: [7, 'Operation'],
    patch: [8, 'Operation'],
    parameters: [9, 'ParametersItem[]'],
    'x-': [10, 'any'],
  },
  Operation: {
    tags: [1, 'string[]'],
    summary: [2, 'string'],
    description: [3, 'string'],
    externalDocs: [4, 'ExternalDocs'],
    operationId: [5, 'string'],
    produces: [6, 'string[]'],
    consumes: [7, 'string[]'],
    parameters: [8, 'ParametersItem[]'],
    responses: [9, 'Responses'],
    schemes: [10, 'string[]'],
    deprecated: [11, 'bool'],
    security: [12, 'SecurityRequirement[]'],
    'x-': [13, 'any'],
  },
  Parameters: { '*': [1, 'Parameter'] },
  BodyParameter: {
    description: [1, 'string'],
    name: [2, 'string'],
    in: [3, 'string'],
    required: [4, 'bool'],
    schema: [5, 'Schema'],
    'x-': [6, 'any'],
  },
  HeaderParameter: PARAMETER,
  FormDataParameter: PARAMETER_MAYBE_EMPTY,
  QueryParameter: PARAMETER_MAYBE_EMPTY,
  PathParameter: PARAMETER,
  Header: { ...primitive(1), description: [18, 'string'], 'x-': [19, 'any'] },
  PrimitivesItems: { ...primitive(1), 'x-': [18, 'any'] },
  Responses: { '*': [1, 'ResponseValue'], 'x-': [2, 'any'] },
  ResponseDefinitions: { '*': [1, 'Response'] },
  Response: {
    description: [1, 'string'],
    schema: [2, 'SchemaItem'],
    headers: [3, 'Headers'],
    examples: [4, 'Examples'],
    'x-': [5, 'any'],
  },
  Headers: { '*': [1, 'Header'] },
  Examples: { '*': [1, 'any'] },
  Reference: { $ref: [1, 'string'], description: [2, 'string'] },
};

const SCHEMAS: MessageTables['messages'] = {
  Schemas: { '*': [1, 'Schema'] },
  SchemaItem: { '[]': [1, 'Schema'] },
  ItemsItem: { '[]': [1, 'Schema'] },
  TypeItem: { '[]': [1, 'string'] },
  Schema: {
    $ref: [1, 'string'],
    format: [2, 'string'],
    title: [3, 'string'],
    description: [4, 'string'],
    default: [5, 'any'],
    multipleOf: [6, 'double'],
    maximum: [7, 'double'],
    exclusiveMaximum: [8, 'bool'],
    minimum: [9, 'double'],
    exclusiveMinimum: [10, 'bool'],
    maxLength: [11, 'int64'],
    minLength: [12, 'int64'],
    pattern: [13, 'string'],
    maxItems: [14, 'int64'],
    minItems: [15, 'int64'],
    uniqueItems: [16, 'bool'],
    maxProperties: [17, 'int64'],
    minProperties: [18, 'int64'],
    required: [19, 'string[]'],
    enum: [20, 'any[]'],
    additionalProperties: [21, 'AdditionalProperties'],
    type: [22, 'TypeItem'],
    items: [23, 'ItemsItem'],
    allOf: [24, 'Schema[]'],
    properties: [25, 'Schemas'],
    discriminator: [26, 'string'],
    readOnly: [27, 'bool'],
    externalDocs: [29, 'ExternalDocs'],
    example: [30, 'any'],
    'x-': [31, 'any'],
  },
};

const PLACES: Readonly<Record<string, readonly [number, string]>> = {
  header: [1, 'HeaderParameter'],
  formData: [2, 'FormDataParameter'],
  query: [3, 'QueryParameter'],
  path: [4, 'PathParameter'],
};

export const VERSION_2: MessageTables = {
  messages: { ...DOCUMENT, ...OPERATIONS, ...SCHEMAS },
  choices: {
    ParametersItem: (value) => (isReference(value) ? [2, 'Reference'] : [1, 'Parameter']),
    Parameter: (value) => (textAt(value, 'in') === 'body' ? [1, 'BodyParameter'] : [2, 'NonBodyParameter']),
    NonBodyParameter: (value) => PLACES[textAt(value, 'in')],
    ResponseValue: (value) => (isReference(value) ? [2, 'Reference'] : [1, 'Response']),
    AdditionalProperties: (value) => (typeof value === 'boolean' ? [2, 'bool'] : [1, 'Schema']),
    SecurityDefinition: (value) =>
      ({ basic: [1, 'BasicSecurity'] as const, apiKey: [2, 'ApiKeySecurity'] as const })[
        textAt(value, 'type')
      ],
  },
};

function isReference(value: JsonValue): boolean {
  return textAt(value, '$ref') !== '';
}

function textAt(value: JsonValue, name: string): string {
  const text = isJsonObject(value) ? value[name] : undefined;
  return typeof text === 'string' ? text : '';
}

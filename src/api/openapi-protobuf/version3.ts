/**
 * OpenAPI 3 as gnostic's messages, as far as this server's documents go.
 *
 * @see github.com/google/gnostic-models/openapiv3/OpenAPIv3.proto
 */
import { isJsonObject, type JsonValue } from '../json.ts';
import type { FieldRow, MessageTables } from './message.ts';

const OPERATIONS: MessageTables['messages'] = {
  Document: {
    openapi: [1, 'string'],
    info: [2, 'Info'],
    paths: [4, 'Paths'],
    components: [5, 'Components'],
    'x-': [9, 'any'],
  },
  Info: { title: [1, 'string'], description: [2, 'string'], version: [6, 'string'], 'x-': [7, 'any'] },
  Paths: { '*': [1, 'PathItem'], 'x-': [2, 'any'] },
  PathItem: {
    $ref: [1, 'string'],
    summary: [2, 'string'],
    description: [3, 'string'],
    get: [4, 'Operation'],
    put: [5, 'Operation'],
    post: [6, 'Operation'],
    delete: [7, 'Operation'],
    options: [8, 'Operation'],
    head: [9, 'Operation'],
    patch: [10, 'Operation'],
    trace: [11, 'Operation'],
    parameters: [13, 'ParameterOrReference[]'],
    'x-': [14, 'any'],
  },
  Operation: {
    tags: [1, 'string[]'],
    summary: [2, 'string'],
    description: [3, 'string'],
    operationId: [5, 'string'],
    parameters: [6, 'ParameterOrReference[]'],
    requestBody: [7, 'RequestBodyOrReference'],
    responses: [8, 'Responses'],
    deprecated: [10, 'bool'],
    'x-': [13, 'any'],
  },
  Parameter: {
    name: [1, 'string'],
    in: [2, 'string'],
    description: [3, 'string'],
    required: [4, 'bool'],
    deprecated: [5, 'bool'],
    allowEmptyValue: [6, 'bool'],
    style: [7, 'string'],
    explode: [8, 'bool'],
    allowReserved: [9, 'bool'],
    schema: [10, 'SchemaOrReference'],
    content: [13, 'MediaTypes'],
    'x-': [14, 'any'],
  },
  RequestBody: {
    description: [1, 'string'],
    content: [2, 'MediaTypes'],
    required: [3, 'bool'],
    'x-': [4, 'any'],
  },
  MediaTypes: { '*': [1, 'MediaType'] },
  MediaType: { schema: [1, 'SchemaOrReference'], example: [2, 'any'], 'x-': [5, 'any'] },
  Responses: { default: [1, 'ResponseOrReference'], '*': [2, 'ResponseOrReference'], 'x-': [3, 'any'] },
  Response: { description: [1, 'string'], content: [3, 'MediaTypes'], 'x-': [5, 'any'] },
  Reference: { $ref: [1, 'string'], summary: [2, 'string'], description: [3, 'string'] },
  Components: { schemas: [1, 'Schemas'], 'x-': [10, 'any'] },
};

const SCHEMAS: MessageTables['messages'] = {
  Schemas: { '*': [1, 'SchemaOrReference'] },
  ItemsItem: { '[]': [1, 'SchemaOrReference'] },
  Schema: {
    nullable: [1, 'bool'],
    readOnly: [3, 'bool'],
    writeOnly: [4, 'bool'],
    example: [7, 'any'],
    deprecated: [8, 'bool'],
    title: [9, 'string'],
    multipleOf: [10, 'double'],
    maximum: [11, 'double'],
    exclusiveMaximum: [12, 'bool'],
    minimum: [13, 'double'],
    exclusiveMinimum: [14, 'bool'],
    maxLength: [15, 'int64'],
    minLength: [16, 'int64'],
    pattern: [17, 'string'],
    maxItems: [18, 'int64'],
    minItems: [19, 'int64'],
    uniqueItems: [20, 'bool'],
    maxProperties: [21, 'int64'],
    minProperties: [22, 'int64'],
    required: [23, 'string[]'],
    enum: [24, 'any[]'],
    type: [25, 'string'],
    allOf: [26, 'SchemaOrReference[]'],
    oneOf: [27, 'SchemaOrReference[]'],
    anyOf: [28, 'SchemaOrReference[]'],
    not: [29, 'Schema'],
    items: [30, 'ItemsItem'],
    properties: [31, 'Schemas'],
    additionalProperties: [32, 'AdditionalProperties'],
    default: [33, 'DefaultType'],
    description: [34, 'string'],
    format: [35, 'string'],
    'x-': [36, 'any'],
  },
};

const DEFAULTS: Readonly<Record<string, FieldRow>> = {
  number: [1, 'double'],
  boolean: [2, 'bool'],
  string: [3, 'string'],
};

export const VERSION_3: MessageTables = {
  messages: { ...OPERATIONS, ...SCHEMAS },
  choices: {
    ParameterOrReference: orReference('Parameter'),
    RequestBodyOrReference: orReference('RequestBody'),
    ResponseOrReference: orReference('Response'),
    SchemaOrReference: orReference('Schema'),
    AdditionalProperties: (value) => (typeof value === 'boolean' ? [2, 'bool'] : [1, 'SchemaOrReference']),
    // Of defaults that are objects or lists the message says nothing.
    DefaultType: (value) => DEFAULTS[typeof value],
  },
};

function orReference(message: string): (value: JsonValue) => FieldRow {
  return (value) =>
    isJsonObject(value) && typeof value['$ref'] === 'string' ? [2, 'Reference'] : [1, message];
}

/**
 * In which form an answer goes out: what the Accept header asks for.
 *
 *     application/json;as=Table;v=v1;g=meta.k8s.io, application/json   ->  table (kubectl get)
 *     application/vnd.kubernetes.protobuf, application/json            ->  object (client-go)
 *
 * @see k8s.io/apiserver/pkg/endpoints/handlers/negotiation
 */
import type { ApiRequest } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';
import { isTrue } from './route.ts';

export type Shape = 'object' | 'table' | 'partial';

export interface Representation {
  shape: Shape;
  format: 'json' | 'yaml';
  pretty: boolean;
  /** What a Table's rows carry. */
  includeObject: 'Metadata' | 'Object' | 'None';
}

const SHAPES: Readonly<Record<string, Shape>> = {
  '': 'object',
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partial',
};
const INCLUDES: readonly string[] = ['Metadata', 'Object', 'None'];

const PLAIN: Representation = { shape: 'object', format: 'json', pretty: false, includeObject: 'Metadata' };

/** @throws StatusError NotAcceptable */
export function negotiate(request: Pick<ApiRequest, 'headers' | 'query'>): Representation {
  const accept = request.headers['accept'];
  const pretty = request.query.has('pretty') && isTrue(request.query.get('pretty'));
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') {
    return pretty ? { ...PLAIN, pretty } : PLAIN;
  }
  for (const range of accept.split(',')) {
    const chosen = parseRange(range);
    if (chosen !== undefined)
      return { ...PLAIN, ...chosen, pretty, includeObject: includeObjectOf(request.query) };
  }
  throw new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
  );
}

function parseRange(range: string): Pick<Representation, 'shape' | 'format'> | undefined {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
  const format = formatOf(type);
  if (format === undefined) return undefined;
  const values = new Map(parameters.map((parameter) => splitParameter(parameter)));
  const shape = SHAPES[values.get('as') ?? ''];
  if (shape === undefined) return undefined;
  if (shape !== 'object' && (values.get('g') !== 'meta.k8s.io' || values.get('v') !== 'v1')) return undefined;
  return { shape, format };
}

function formatOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

function splitParameter(parameter: string): [string, string] {
  const equals = parameter.indexOf('=');
  return equals < 0 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
}

function includeObjectOf(query: URLSearchParams): Representation['includeObject'] {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (!INCLUDES.includes(value)) {
    throw new StatusError('BadRequest', `unrecognized includeObject value: ${JSON.stringify(value)}`);
  }
  return value as Representation['includeObject'];
}

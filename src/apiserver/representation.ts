/**
 * In which form an answer goes out: what the Accept header asks for, among what can be had.
 *
 *     application/json;as=Table;v=v1;g=meta.k8s.io, application/json   ->  table (kubectl get)
 *     application/vnd.kubernetes.protobuf, application/json            ->  protobuf (client-go), JSON for custom resources
 *     application/yaml;q=0.5, application/json;q=0.9                   ->  JSON
 *
 * Of ranges that are equally good (`q`) a type comes before a wildcard, then the first. As RFC 9110 has it, and other than
 * upstream, `q=0` refuses.
 *
 * @see k8s.io/apiserver/pkg/endpoints/handlers/negotiation, handlers/rest.go AllowsMediaTypeTransform
 */

import type { ApiRequest } from '../api/message.ts';
import { PROTOBUF_TYPE } from '../api/protobuf/media-type.ts';
import { ownValue } from '../base/own-value.ts';
import { StatusError } from '../base/status-error.ts';
import { isTrue } from './route.ts';

export type Shape = 'object' | 'table' | 'partial';
export type Format = 'json' | 'yaml' | 'protobuf';

export interface Representation {
  shape: Shape;
  format: Format;
  pretty: boolean;
  /** What a Table's rows carry. */
  includeObject: 'Metadata' | 'Object' | 'None';
  /** In which a Table and metadata alone are told. */
  metaVersion: 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1';
}

/** What can be had. */
export interface Offer {
  /** A stream of events: never YAML. */
  isWatch: boolean;
  /** Of a kind without protobuf numbers. Its metadata has them. */
  isCustom: boolean;
  /** Is created and never kept: such have no columns. */
  isReview: boolean;
}

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: PROTOBUF_TYPE,
};
const FORMATS: readonly Format[] = ['json', 'yaml', 'protobuf'];
const SHAPES: Readonly<Record<string, Shape>> = {
  '': 'object',
  Table: 'table',
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partial',
};
/** Of equal form. */
const META_VERSIONS: Readonly<Record<string, Representation['metaVersion']>> = {
  'meta.k8s.io/v1': 'meta.k8s.io/v1',
  'meta.k8s.io/v1beta1': 'meta.k8s.io/v1beta1',
};
const INCLUDES: readonly string[] = ['Metadata', 'Object', 'None'];

export const PLAIN: Representation = {
  shape: 'object',
  format: 'json',
  pretty: false,
  includeObject: 'Metadata',
  metaVersion: 'meta.k8s.io/v1',
};

/** @throws StatusError NotAcceptable */
export function negotiate(request: Pick<ApiRequest, 'headers' | 'query'>, offer: Offer): Representation {
  const accept = request.headers['accept'];
  const pretty = request.query.has('pretty') && isTrue(request.query.get('pretty'));
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') {
    return pretty ? { ...PLAIN, pretty } : PLAIN;
  }
  for (const range of parseAccept(accept)) {
    const chosen = choose(range, offer);
    if (chosen === undefined) continue;
    const includeObject = includeObjectOf(request.query);
    return { ...chosen, pretty: pretty || range.parameters.get('pretty') === '1', includeObject };
  }
  throw notAcceptable(offer);
}

/** For what is a Status whatever was asked for: the first format that was accepted, else JSON. */
export function formatOfStatus(request: Pick<ApiRequest, 'headers'>): Format {
  const accept = request.headers['accept'];
  if (accept === undefined || accept === 'application/json') return 'json';
  const ranges = parseAccept(accept).filter(({ parameters }) => !parameters.has('as'));
  for (const range of ranges) {
    const format = formatsOf(range.type)[0];
    if (format !== undefined) return format;
  }
  return 'json';
}

export interface Range {
  type: string;
  parameters: ReadonlyMap<string, string>;
  quality: number;
}

/** Best first, without those that are refused. */
export function parseAccept(accept: string): Range[] {
  return accept
    .split(',')
    .map(parseRange)
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality || wildcards(a.type) - wildcards(b.type));
}

function parseRange(range: string): Range {
  const [type = '', ...parts] = range.split(';').map((part) => part.trim());
  const parameters = new Map(parts.map(splitParameter));
  const quality = Number(parameters.get('q') ?? 1);
  return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 1 : quality };
}

function wildcards(type: string): number {
  if (type === '*/*') return 2;
  return type.endsWith('/*') ? 1 : 0;
}

function choose(
  { type, parameters }: Range,
  offer: Offer,
): Pick<Representation, 'shape' | 'format' | 'metaVersion'> | undefined {
  const shape = ownValue(SHAPES, parameters.get('as') ?? '');
  if (shape === undefined) return undefined;
  const metaVersion = META_VERSIONS[`${parameters.get('g')}/${parameters.get('v')}`];
  if (shape !== 'object' && metaVersion === undefined) return undefined;
  const stream = parameters.get('stream') ?? '';
  if (stream !== '' && stream !== 'watch') return undefined;
  const format = formatsOf(type).find((each) => isOffered(each, shape, offer));
  return format && { shape, format, metaVersion: metaVersion ?? PLAIN.metaVersion };
}

function formatsOf(type: string): readonly Format[] {
  if (type === '*/*' || type === 'application/*') return FORMATS;
  return FORMATS.filter((format) => MEDIA_TYPES[format] === type);
}

function isOffered(format: Format, shape: Shape, { isWatch, isCustom, isReview }: Offer): boolean {
  if (shape === 'table' && isReview) return false;
  if (format === 'json') return true;
  if (format === 'yaml') return !isWatch;
  // Upstream has no protobuf form of a Table either.
  return shape === 'partial' || (shape === 'object' && !isCustom);
}

function notAcceptable(offer: Offer): StatusError {
  const suffix = offer.isWatch ? ';stream=watch' : '';
  const types = FORMATS.filter((format) => isOffered(format, 'object', offer)).map(
    (format) => MEDIA_TYPES[format] + suffix,
  );
  return new StatusError('NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`);
}

function splitParameter(parameter: string): [string, string] {
  const equals = parameter.indexOf('=');
  return equals < 0
    ? [parameter, '']
    : [parameter.slice(0, equals).trim(), parameter.slice(equals + 1).trim()];
}

function includeObjectOf(query: URLSearchParams): Representation['includeObject'] {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (!INCLUDES.includes(value)) {
    throw new StatusError('BadRequest', `unrecognized includeObject value: ${JSON.stringify(value)}`);
  }
  return value as Representation['includeObject'];
}

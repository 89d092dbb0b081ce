import type { JsonValue } from '../json.ts';
import type { Scalar } from '../schema.ts';

/** What stands for Go's zero value; of those that are null it is a message with nothing in it. */
export const ZERO_VALUES: Readonly<Record<Scalar, JsonValue>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  uint32: 0,
  double: 0,
  bytes: '',
  quantity: '0',
  intOrString: 0,
  duration: '0s',
  time: null,
  microTime: null,
  raw: null,
  json: null,
  fields: null,
};

/** Every function and operator that expressions may call, group by group. */
import type { Overload } from '../overload.ts';
import { CONVERSIONS } from './conversions.ts';
import { FORMATS } from './formats.ts';
import { IMAGES } from './images.ts';
import { LISTS } from './lists.ts';
import { NETWORK } from './network.ts';
import { OPERATORS } from './operators.ts';
import { QUANTITIES } from './quantities.ts';
import { REGEX } from './regex-functions.ts';
import { SEMVER } from './semver.ts';
import { STRINGS } from './strings.ts';
import { TIME } from './time.ts';
import { URLS } from './urls.ts';

export const STANDARD_FUNCTIONS: readonly Overload[] = [
  ...OPERATORS,
  ...CONVERSIONS,
  ...STRINGS,
  ...LISTS,
  ...TIME,
  ...REGEX,
  ...URLS,
  ...QUANTITIES,
  ...NETWORK,
  ...SEMVER,
  ...FORMATS,
  ...IMAGES,
];

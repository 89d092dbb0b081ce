/** Who serves which subresource. Those that edit a part of the object are the registry's, through its scopes. */
import type { ResourceRow } from '../../api/resources.ts';
import { hasScope } from '../registry/update-scopes.ts';
import type { CallHandler } from '../server-context.ts';
import { getOne, patchOne, updateOne } from '../verbs.ts';
import { createBinding } from './binding.ts';
import { createEviction } from './eviction.ts';
import { openContainerStream, openPortForward, readLog } from './node-streams.ts';
import { proxyHandlers } from './proxy.ts';
import { scaleHandlers } from './scale.ts';
import { createToken } from './token.ts';

type Handlers = Readonly<Record<string, CallHandler>>;

const EDITS: Handlers = { get: getOne, update: updateOne, patch: patchOne };

const HANDLERS: Readonly<Record<string, Handlers>> = {
  scale: scaleHandlers,
  binding: { create: createBinding },
  eviction: { create: createEviction },
  token: { create: createToken },
  log: { get: readLog },
  exec: { get: openContainerStream, create: openContainerStream },
  attach: { get: openContainerStream, create: openContainerStream },
  portforward: { get: openPortForward, create: openPortForward },
  proxy: proxyHandlers,
};

/** `undefined` when `row` has no such subresource or nobody serves it. */
export function subresourceHandlers(row: ResourceRow, name: string): Handlers | undefined {
  if (!row.subresources.some((subresource) => subresource.name === name)) return undefined;
  return HANDLERS[name] ?? (hasScope(name) ? EDITS : undefined);
}

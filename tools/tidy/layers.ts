/**
 * The layer table of ARCHITECTURE.md as data: which folder may import which, and which packages.
 *
 * A path belongs to the row with the longest matching prefix.
 */
export interface Layer {
  /** Folder or file, relative to the repository. */
  path: string;
  /** Prefixes that it may import besides itself. */
  mayImport: readonly string[];
  /** npm packages and Node modules (`node:*` for all of them). */
  packages: readonly string[];
}

const PURE = ['src/base', 'src/api'];
const RUNTIME_INTERFACES = [
  'src/container-runtime/runtime.ts',
  'src/network/dataplane.ts',
  'src/healer/machine-provider.ts',
];
/** What the container runtimes share; pure. */
const RUNTIME_PARTS = [
  'src/container-runtime/async-queue.ts',
  'src/container-runtime/event-hub.ts',
  'src/container-runtime/image-reference.ts',
  'src/container-runtime/reserved-names.ts',
  'src/container-runtime/signals.ts',
];
const CLIENTS = [...PURE, 'src/client', ...RUNTIME_INTERFACES];
const PURE_LAYERS = [
  ...CLIENTS,
  'src/store',
  'src/apiserver',
  'src/controllers',
  'src/scheduler',
  'src/kubelet',
  'src/network',
  'src/keeper',
];
const NODE = ['node:*'];

export const LAYERS: readonly Layer[] = [
  { path: 'src/base', mayImport: [], packages: [] },
  { path: 'src/api', mayImport: ['src/base'], packages: [] },
  { path: 'src/api/yaml.ts', mayImport: PURE, packages: ['js-yaml'] },
  { path: 'src/store', mayImport: PURE, packages: [] },
  { path: 'src/client', mayImport: PURE, packages: [] },
  { path: 'src/apiserver', mayImport: [...PURE, 'src/store'], packages: [] },
  ...['scheduler', 'kubelet', 'network', 'keeper', 'healer', 'insight'].map((area) => ({
    path: `src/${area}`,
    mayImport: CLIENTS,
    packages: [],
  })),
  { path: 'src/controllers', mayImport: CLIENTS, packages: [] },
  { path: 'src/container-runtime', mayImport: PURE, packages: [] },
  {
    path: 'src/container-runtime/process',
    mayImport: [
      ...PURE,
      ...RUNTIME_PARTS,
      'src/container-runtime/runtime.ts',
      'src/network/pod-network',
      'src/platform/atomic-file.ts',
    ],
    packages: [...NODE, '@lydell/node-pty'],
  },
  { path: 'src/network/userspace', mayImport: [...PURE, 'src/network/dataplane.ts'], packages: NODE },
  {
    path: 'src/network/dns',
    mayImport: [...PURE, 'src/network/dns-records.ts'],
    packages: [...NODE, 'dns-packet'],
  },
  { path: 'src/network/pod-network', mayImport: PURE, packages: NODE },
  {
    path: 'src/platform',
    mayImport: [
      ...PURE,
      ...RUNTIME_INTERFACES,
      'src/network/pod-network/pod-network.ts',
      'src/store/journal.ts',
      'src/keeper/child-spec.ts',
      'src/keeper/keeper-state.ts',
      'src/keeper/process-launcher.ts',
      'src/kubelet/probes/prober.ts',
      'src/kubelet/volumes/volume-host.ts',
      'src/kubelet/server',
      'src/apiserver/authn',
      'src/apiserver/aggregation/extension-reader.ts',
      'src/apiserver/usage/agent-reader.ts',
      'src/apiserver/webhooks/webhook-transport.ts',
      'src/client/json-lines.ts',
    ],
    packages: [...NODE, 'htmlparser2', 'pino', 'ws'],
  },
  { path: 'src/assembly', mayImport: PURE_LAYERS, packages: [] },
  {
    path: 'src/simulation',
    mayImport: [...PURE_LAYERS, ...RUNTIME_PARTS, 'src/assembly'],
    packages: [],
  },
  { path: 'src/cli', mayImport: [...PURE, 'src/client', 'src/main'], packages: ['commander', 'picocolors'] },
  { path: 'src/main', mayImport: ['src'], packages: [...NODE, 'prom-client'] },
  { path: 'src/testing', mayImport: ['src'], packages: NODE },
];

/** The layer of a file, or `undefined` when the table has none. */
export function layerOf(file: string): Layer | undefined {
  const matches = LAYERS.filter(({ path }) => file === path || file.startsWith(`${path}/`));
  return matches.sort((a, b) => b.path.length - a.path.length)[0];
}

/** Why `file` may not import `target` (a repository path); `undefined` when it may. */
export function importProblem(file: string, target: string): string | undefined {
  const layer = layerOf(file);
  if (layer === undefined)
    return `${file} is in no layer: add a row to tools/tidy/layers.ts and ARCHITECTURE.md`;
  const areaProblem = controllerProblem(file, target);
  if (areaProblem !== undefined) return areaProblem;
  const own = [layer.path, ...layer.mayImport];
  if (own.some((prefix) => target === prefix || target.startsWith(`${prefix}/`))) return undefined;
  return `${layer.path} may import only ${own.join(', ')}; what it needs of ${target} belongs there, or behind an interface of its own`;
}

/** One controller never imports another, only the framework. */
function controllerProblem(file: string, target: string): string | undefined {
  const own = /^src\/controllers\/([^/]+)\//.exec(file)?.[1];
  const other = /^src\/controllers\/([^/]+)\//.exec(target)?.[1];
  if (own === undefined || other === undefined || own === other || other === 'framework') return undefined;
  return `controllers do not import each other: share through src/controllers/framework or src/api`;
}

/** Why `file` may not import the package or Node module `name`; `undefined` when it may. */
export function packageProblem(file: string, name: string): string | undefined {
  const layer = layerOf(file);
  if (layer === undefined)
    return `${file} is in no layer: add a row to tools/tidy/layers.ts and ARCHITECTURE.md`;
  const allowed = layer.packages.some(
    (entry) => entry === name || (entry === 'node:*' && name.startsWith('node:')),
  );
  return allowed
    ? undefined
    : `${layer.path} may not import ${name}; only ${layer.packages.join(', ') || 'no package'}`;
}

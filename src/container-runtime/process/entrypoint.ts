/**
 * From image and container configuration to the command that is executed: arguments, directory, environment. What
 * cannot be executed is found here, before anything is started, in the words of runc.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { type ContainerConfig, type ContainerMount, RuntimeError } from '../runtime.ts';
import type { ProcessImage } from './image-registry.ts';

export interface Command {
  argv: string[];
  workingDir: string;
  environment: [name: string, value: string][];
}

export interface CommandContext {
  image: ProcessImage;
  config: ContainerConfig;
  /** What the runtime sets for every container; the image's and the manifest's own come after it. */
  environment: [name: string, value: string][];
}

/** @throws RuntimeError `StartError` */
export function resolveCommand({ image, config, environment: ambient }: CommandContext): Command {
  const argv = argumentsOf(image, config);
  const environment = mergeEnvironment([
    ...ambient,
    ...image.config.Env.map(splitEntry),
    ...config.env.map(({ name, value }): [string, string] => [name, value]),
  ]);
  const workingDir = resolveWorkingDir(image, config);
  const inImage = join(image.directory, argv[0]!);
  if (isAbsolute(argv[0]!) && !isMounted(argv[0]!, config.mounts) && existsSync(inImage)) argv[0] = inImage;
  const search = new Map(environment).get('PATH') ?? '';
  checkExecutable({ name: argv[0]!, workingDir, search, mounts: config.mounts });
  return { argv, workingDir, environment };
}

/** @see Kubernetes documentation, "Define a Command and Arguments for a Container" */
function argumentsOf(image: ProcessImage, { command, args }: ContainerConfig): string[] {
  const entrypoint = command.length > 0 ? command : image.config.Entrypoint;
  const rest = args.length > 0 || command.length > 0 ? args : image.config.Cmd;
  const argv = [...entrypoint, ...rest];
  if (argv.length === 0) throw new RuntimeError('StartError', 'no command specified');
  return argv;
}

function resolveWorkingDir(image: ProcessImage, config: ContainerConfig): string {
  const wanted = config.workingDir || image.config.WorkingDir;
  if (!isAbsolute(wanted)) return join(image.directory, wanted);
  if (isMounted(wanted, config.mounts)) return wanted;
  const inImage = join(image.directory, wanted);
  const found = [inImage, wanted].find((path) => statOrNothing(path)?.isDirectory());
  if (found !== undefined) return found;
  throw new RuntimeError(
    'StartError',
    `chdir to cwd ("${wanted}") set in config.json failed: no such file or directory`,
  );
}

export interface ExecutableQuery {
  name: string;
  workingDir: string;
  /** The container's `PATH`. */
  search: string;
  mounts: readonly ContainerMount[];
}

/** @throws RuntimeError `StartError` with runc's message when `name` cannot be executed in the container */
export function checkExecutable({ name, workingDir, search, mounts }: ExecutableQuery): void {
  const refuse = (why: string) => new RuntimeError('StartError', `exec: ${JSON.stringify(name)}: ${why}`);
  if (!name.includes('/')) {
    const candidates = search.split(':').map((directory) => onHost(join(directory || '.', name), mounts));
    const found = candidates.find((path) => isRunnable(path));
    if (found === undefined) throw refuse('executable file not found in $PATH');
    checkInterpreter(found, name, mounts);
    return;
  }
  const path = onHost(isAbsolute(name) ? name : join(workingDir, name), mounts);
  const stat = statOrNothing(path, (code) => {
    if (code === 'EACCES') throw refuse(`stat ${name}: permission denied`);
  });
  if (stat === undefined) throw refuse(`stat ${name}: no such file or directory`);
  if (stat.isDirectory()) throw refuse('is a directory');
  if (!isRunnable(path)) throw refuse('permission denied');
  checkInterpreter(path, name, mounts);
}

/** A script whose interpreter is absent fails with the kernel's "no such file", as the script itself would. */
function checkInterpreter(path: string, name: string, mounts: readonly ContainerMount[]): void {
  const interpreter = /^#!\s*(\S+)/.exec(headOf(path))?.[1];
  if (interpreter === undefined || existsSync(onHost(interpreter, mounts))) return;
  throw new RuntimeError('StartError', `exec ${name}: no such file or directory`);
}

/** Empty for a program that may be executed and not read. */
function headOf(path: string): string {
  try {
    const head = Buffer.alloc(256);
    const fd = openSync(path, 'r');
    const length = readSync(fd, head);
    closeSync(fd);
    return head.subarray(0, length).toString('latin1');
  } catch {
    return '';
  }
}

/** Where the machine has what the container sees at `path`. */
function onHost(path: string, mounts: readonly ContainerMount[]): string {
  const mount = mounts
    .filter(({ containerPath }) => isWithin(path, containerPath))
    .toSorted((a, b) => b.containerPath.length - a.containerPath.length)[0];
  return mount === undefined ? path : join(mount.hostPath, relative(mount.containerPath, path));
}

function isMounted(path: string, mounts: readonly ContainerMount[]): boolean {
  return mounts.some(({ containerPath }) => isWithin(path, containerPath));
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}

function isRunnable(path: string): boolean {
  if (statOrNothing(path)?.isFile() !== true) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Nothing also where this user may not look, as in another's directory on `PATH`. */
function statOrNothing(
  path: string,
  onFailure: (code: string | undefined) => void = () => {},
): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    onFailure((error as NodeJS.ErrnoException).code);
    return undefined;
  }
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** Later values win; the order is that of the first mention. */
function mergeEnvironment(entries: [string, string][]): [string, string][] {
  return [...new Map(entries)];
}

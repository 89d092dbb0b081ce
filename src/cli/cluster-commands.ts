/** The commands that speak to the API: a helpful minimum for where `kubectl` is absent, with its words and options. */
import type { Command } from 'commander';
import type { ApplyFlags } from './commands/apply.ts';
import type { DeleteFlags } from './commands/delete.ts';
import type { DescribeFlags } from './commands/describe.ts';
import type { EventsFlags } from './commands/events.ts';
import type { GetFlags } from './commands/get.ts';
import type { LogsFlags } from './commands/logs.ts';
import {
  collect,
  parseChoice,
  parseWholeNumber,
  withCluster,
  withNamespace,
} from './commands/shared-options.ts';
import type { VersionFlags } from './commands/version.ts';
import type { CommandContext } from './program.ts';

const TABLE_OUTPUTS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
const CASCADES = ['background', 'foreground', 'orphan'] as const;

export function addClusterCommands(program: Command, context: CommandContext): void {
  program.commandsGroup('Look and change:');
  addGet(program, context);
  addDescribe(program, context);
  addApply(program, context);
  addDelete(program, context);
  addLogs(program, context);
  addEvents(program, context);
  program.commandsGroup('About:');
  addVersion(program, context);
  addApiResources(program, context);
}

function addGet(program: Command, { world, signal, run }: CommandContext): void {
  withNamespace(program.command('get <type> [names...]'))
    .description('list objects, or show some: `get pods`, `get pod/web deploy/web`, `get all -A`')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('-l, --selector <labels>', 'only those with these labels: app=web,tier!=db')
    .option('--field-selector <fields>', 'only those with these fields: status.phase=Running')
    .option(
      '-o, --output <format>',
      TABLE_OUTPUTS.join(', '),
      parseChoice('--output', TABLE_OUTPUTS),
      'table',
    )
    .option('-w, --watch', 'then print what changes, until interrupted')
    .option('--no-headers', 'without the line of column names')
    .option('--show-labels', 'with a column of labels')
    .action(
      run(async (type: string, names: string[], flags: GetFlags) => {
        const { get } = await import('./commands/get.ts');
        return get(world, [type, ...names], flags, signal);
      }),
    );
}

function addDescribe(program: Command, { world, signal, run }: CommandContext): void {
  withNamespace(program.command('describe <type> [names...]'))
    .description('show objects in full, with their events')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('-l, --selector <labels>', 'only those with these labels')
    .action(
      run(async (type: string, names: string[], flags: DescribeFlags) => {
        const { describe } = await import('./commands/describe.ts');
        return describe(world, [type, ...names], flags, signal);
      }),
    );
}

function addApply(program: Command, { world, signal, run }: CommandContext): void {
  withNamespace(program.command('apply'))
    .description('create or change what manifests say')
    .option('-f, --filename <path>', 'file, directory, or - for standard input (repeatable)', collect, [])
    .option(
      '-o, --output <format>',
      'text, json or name',
      parseChoice('--output', ['text', 'json', 'name']),
      'text',
    )
    .action(
      run(async (flags: ApplyFlags) => {
        const { apply } = await import('./commands/apply.ts');
        return apply(world, flags, signal);
      }),
    );
}

function addDelete(program: Command, { world, signal, run }: CommandContext): void {
  withNamespace(program.command('delete [type] [names...]'))
    .description('delete objects, and wait until they are gone')
    .option('-f, --filename <path>', 'what these manifests name', collect, [])
    .option('-A, --all-namespaces', 'with -l or --all: in every namespace')
    .option('-l, --selector <labels>', 'those with these labels')
    .option('--all', 'all of the type in the namespace')
    .option('--grace-period <seconds>', 'time to stop by itself', parseWholeNumber('--grace-period'))
    .option('--force', 'at once, without waiting for the node to confirm')
    .option(
      '--cascade <how>',
      `what becomes of dependents: ${CASCADES.join(', ')}`,
      parseChoice('--cascade', CASCADES),
      'background',
    )
    .option('--ignore-not-found', 'an absent object is no failure')
    .option('--no-wait', 'do not wait until they are gone')
    .action(
      run(async (type: string | undefined, names: string[], flags: DeleteFlags) => {
        const { deleteObjects } = await import('./commands/delete.ts');
        return deleteObjects(world, type === undefined ? [] : [type, ...names], flags, signal);
      }),
    );
}

function addLogs(program: Command, { world, signal, run }: CommandContext): void {
  withNamespace(program.command('logs <pod>'))
    .description("print a container's output")
    .option('-c, --container <name>', 'which container, where the Pod has several')
    .option('-f, --follow', 'go on as it is written')
    .option('-p, --previous', 'of the container that ran before the last restart')
    .option('--tail <lines>', 'only the last so many lines', parseWholeNumber('--tail'))
    .option('--since <duration>', 'only what is younger: 30s, 5m, 2h')
    .option('--timestamps', 'with the time before each line')
    .action(
      run(async (pod: string, flags: LogsFlags) => {
        const { logs } = await import('./commands/logs.ts');
        return logs(world, pod, flags, signal);
      }),
    );
}

function addEvents(program: Command, { world, signal, run }: CommandContext): void {
  withNamespace(program.command('events'))
    .description('print what was done, oldest first')
    .option('-A, --all-namespaces', 'of every namespace')
    .option('-w, --watch', 'then print what is done from now on')
    .option('--for <type/name>', 'only about this object: pod/web')
    .option('--types <type>', 'Normal or Warning', parseChoice('--types', ['Normal', 'Warning']))
    .option(
      '-o, --output <format>',
      'table, or json: one Event a line',
      parseChoice('--output', ['table', 'json']),
      'table',
    )
    .action(
      run(async (flags: EventsFlags) => {
        const { events } = await import('./commands/events.ts');
        return events(world, flags, signal);
      }),
    );
}

function addVersion(program: Command, { world, signal, run }: CommandContext): void {
  withCluster(program.command('version'))
    .description('print the versions of this program and of the server')
    .option('--client', 'only of this program')
    .option('-o, --output <format>', 'text or json', parseChoice('--output', ['text', 'json']), 'text')
    .action(
      run(async (flags: VersionFlags) => {
        const { version } = await import('./commands/version.ts');
        return version(world, flags, signal);
      }),
    );
}

function addApiResources(program: Command, { world, run }: CommandContext): void {
  program
    .command('api-resources')
    .description('list every kind, with the names by which it can be called')
    .action(
      run(async () => {
        const { apiResources } = await import('./commands/api-resources.ts');
        return apiResources(world);
      }),
    );
}

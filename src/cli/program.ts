/**
 * The command line: what commands and options there are. Each command's code is imported when it is called, so that
 * `kintsugi get` does not load `up`.
 */
import { Command, CommanderError } from 'commander';
import type { CliWorld } from './cli-world.ts';
import { addClusterCommands } from './cluster-commands.ts';
import { addProcessCommands } from './process-commands.ts';
import { EXIT_DONE, EXIT_USAGE, errorLine, exitCodeOf } from './report-error.ts';

/** What a command has at hand, and where it leaves its exit code. */
export interface CommandContext {
  world: CliWorld;
  signal: AbortSignal;
  /** Wraps an action: its result becomes the exit code. */
  run: <A extends unknown[]>(action: (...args: A) => Promise<number>) => (...args: A) => Promise<void>;
}

/**
 * Runs one command line (without the program's own name) and resolves with the exit code: 0 done, 1 failed, 2 wrong
 * usage. Never rejects: a failure is one line on standard error.
 */
export async function runCli(args: readonly string[], world: CliWorld, signal: AbortSignal): Promise<number> {
  let exitCode = EXIT_DONE;
  const context: CommandContext = {
    world,
    signal,
    run:
      (action) =>
      async (...given) => {
        exitCode = await action(...given);
      },
  };
  const program = newProgram(context);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
    // Interrupted by the user: a watch that ends so has not failed.
    if (signal.aborted) return EXIT_DONE;
    if (isBrokenPipe(error)) return EXIT_DONE;
    await world.stderr.write(`kintsugi: ${errorLine(error)}\n`);
    return exitCodeOf(error);
  }
}

function newProgram(context: CommandContext): Command {
  const { world } = context;
  // Sinks keep the order of what is written, so nothing needs to wait for these.
  const write = (sink: CliWorld['stdout']) => (text: string) => void sink.write(text);
  const program = new Command('kintsugi')
    .description('Kubernetes self-healing without needing a Kubernetes.')
    .usage('COMMAND [options]')
    .version(world.version, '-v, --version', 'print the version of this program')
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureHelp({ sortOptions: false })
    .exitOverride()
    .configureOutput({
      writeOut: write(world.stdout),
      writeErr: write(world.stderr),
      outputError: (text, writeError) =>
        writeError(
          `kintsugi: ${text
            .replace(/^error: /, '')
            .trim()
            .replace(/\n+/g, ' ')}; see \`kintsugi --help\`\n`,
        ),
    })
    .addHelpText('after', EXAMPLES);
  addProcessCommands(program, context);
  addClusterCommands(program, context);
  return program;
}

const EXAMPLES = `
Examples:
  kintsugi up -f manifests/        start a cluster here and run what the manifests say
  kintsugi get pods -w             see it run, and heal
  kintsugi events --watch          see what is done, and why
  kintsugi logs -f pod/NAME        read a container's output
  kintsugi down                    stop what up started

kubectl, Helm and every other client work as well: KUBECONFIG=~/.kintsugi/kubeconfig`;

function isBrokenPipe(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === 'EPIPE';
}

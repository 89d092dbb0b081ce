/** Options that many commands have, with one spelling and one help text each. */
import type { Command } from 'commander';
import type { ClusterChoice } from '../cluster-session.ts';
import { UsageError } from '../usage-error.ts';

export function withCluster(command: Command): Command {
  return command
    .option('--data-dir <dir>', "the cluster's data directory (default: ~/.kintsugi)")
    .option('--kubeconfig <file>', 'another kubeconfig than the one in the data directory');
}

export function withNamespace(command: Command): Command {
  return withCluster(command).option('-n, --namespace <name>', 'the namespace (default: "default")');
}

export interface NamespaceFlags extends ClusterChoice {
  allNamespaces?: boolean;
}

/** Gathers a repeatable option. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** A whole number of at least `minimum`, else wrong usage. */
export function parseWholeNumber(name: string, minimum = 0, maximum = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    const range = maximum === Number.MAX_SAFE_INTEGER ? `${minimum} or more` : `${minimum} to ${maximum}`;
    throw new UsageError(`${name} must be a whole number, ${range}, not "${text}"`);
  };
}

/** One of `choices`, else wrong usage. */
export function parseChoice<T extends string>(name: string, choices: readonly T[]) {
  return (text: string): T => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    throw new UsageError(`${name} must be one of ${choices.join(', ')}, not "${text}"`);
  };
}

import type { Command } from "commander";

/** Exit codes of every command. */
export const EXIT_OK = 0;
/** Errors in a policy, a difference, a failed test. */
export const EXIT_FINDINGS = 1;
/** The command could not do its work: usage, file, connection. */
export const EXIT_FAILED = 2;

/** What every command file exports as `command`. */
export interface CliCommand {
  /** Adds arguments and options; name and description are given. */
  readonly declare: (command: Command) => Command;
  /** Does the work. Resolves with the exit code; rejects with `Failure` for exit code 2. */
  readonly run: (invocation: Invocation) => Promise<number>;
}

export interface Invocation {
  /** Positional arguments before `--`. */
  readonly args: readonly string[];
  /** By commander's names: `--no-docs` is `docs: false`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What stands after `--`; undefined without a `--`. */
  readonly rest?: readonly string[];
}

/** The command could not do its work. The message is one clear sentence for a person; exit code 2. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** The message of anything thrown, ended by a full stop. */
export function sentenceOf(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

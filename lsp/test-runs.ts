import { type Compilation, compile } from "../compiler/index.ts";
import { type Diagnostic, parsed, Source, type Test } from "../language/index.ts";
import { nameOf } from "./files.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Runs the tests of a policy without errors whose names are chosen. It comes from outside: what judges calls is none
 * of the language server's.
 */
export type TestRunner = (
  compiled: Compilation,
  chosen: (name: string) => boolean,
) => Promise<readonly RanTest[]>;

export interface RanTest {
  readonly name: string;
  /** How many calls were judged. */
  readonly calls: number;
  /** One for each step that was decided otherwise than it says; none when the test has passed. */
  readonly failures: readonly Diagnostic[];
}

/** What tests of one file came to. */
export interface FileRun {
  /** Errors of the policy: with any, nothing has run. */
  readonly errors: number;
  readonly tests: readonly RanTest[];
}

interface Results {
  /** Of the text, the imports and the tool list that they are about. */
  readonly compilation: Compilation;
  readonly byName: ReadonlyMap<string, RanTest>;
}

/** Runs tests, and knows what they came to until something of their policy changes. */
export class TestRuns {
  readonly #workspace: Workspace;
  readonly #runner: TestRunner | undefined;
  readonly #results = new Map<string, Results>();

  constructor(workspace: Workspace, runner: TestRunner | undefined) {
    this.#workspace = workspace;
    this.#runner = runner;
  }

  /** False where there is nothing that could run them. */
  get canRun(): boolean {
    return this.#runner !== undefined;
  }

  /** Runs one test of a file, or all; null where there is no such file, or it has changed meanwhile. */
  async run(uri: string, only: string | undefined): Promise<FileRun | null> {
    const name = nameOf(uri);
    const source = this.#workspace.files.source(name);
    if (this.#runner === undefined || source === undefined) return null;
    const compilation = this.#workspace.compile(source);
    // Apart: a change of the text meanwhile moves what the editor's own compilation is made of.
    const apart = compile(copyOf(source), this.#workspace.hostApart(), { claimsApart: true });
    const errors = apart.diagnostics.filter(({ severity }) => severity === "error").length;
    const chosen = (test: string): boolean => only === undefined || test === only;
    const tests = errors > 0 ? [] : await this.#runner(apart, chosen);
    if (this.#workspace.files.source(name) !== source) return null;
    const before = only === undefined ? undefined : this.#fresh(source)?.byName;
    const byName = new Map([...(before ?? []), ...tests.map((test) => [test.name, test] as const)]);
    this.#results.set(name, { compilation, byName });
    return { errors, tests };
  }

  /** What the last run of a test came to; undefined when it has not run since the last change. */
  resultOf(source: Source, test: string): RanTest | undefined {
    return this.#fresh(source)?.byName.get(test);
  }

  /** What has failed in a file since the last change. */
  failuresIn(source: Source): readonly Diagnostic[] {
    const results = this.#fresh(source);
    return results === undefined ? [] : [...results.byName.values()].flatMap((one) => one.failures);
  }

  #fresh(source: Source): Results | undefined {
    const results = this.#results.get(source.name);
    if (results === undefined) return undefined;
    if (this.#workspace.compile(source) === results.compilation) return results;
    this.#results.delete(source.name);
    return undefined;
  }
}

/** The tests of a file, in the order of the text. */
export function testsIn(source: Source): readonly Test[] {
  return parsed(source).document.statements.filter((node) => node.kind === "test");
}

export function copyOf({ name, text }: Source): Source {
  return new Source(name, text);
}

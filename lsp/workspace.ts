import {
  type Compilation,
  compile,
  type Host,
  type Judge,
  type Program,
} from "../compiler/index.ts";
import { type Diagnostic, type Document, parsed, type Source } from "../language/index.ts";
import { Files, type OpenFile, uriOf } from "./files.ts";
import { copyOf, type TestRunner, TestRuns } from "./test-runs.ts";

/** An open policy as it is at a moment, with what is known of it: found out when it is asked for. */
export class View {
  readonly uri: string;
  readonly version: number;
  readonly source: Source;
  readonly workspace: Workspace;
  #compilations: readonly Compilation[] | undefined;

  constructor(workspace: Workspace, { uri, version, source }: OpenFile) {
    this.workspace = workspace;
    this.uri = uri;
    this.version = version;
    this.source = source;
  }

  get document(): Document {
    return parsed(this.source).document;
  }

  /** Of every policy that the file belongs to, the one above first. */
  get compilations(): readonly Compilation[] {
    this.#compilations ??= this.workspace.compilationsOf(this.source);
    return this.#compilations;
  }

  /** Of the policy that the file belongs to: itself, or one that imports it. */
  get compilation(): Compilation {
    return this.compilations[0] as Compilation;
  }

  get program(): Program {
    return this.compilation.program;
  }

  /**
   * The same, or that of a moment ago where a new one takes long: good enough for names to choose from while
   * someone types.
   */
  get recentProgram(): Program {
    return this.workspace.recentProgramOf(this.source) ?? this.program;
  }
}

/** A policy that was compiled, and the files that it was made of. */
interface Compiled {
  readonly compilation: Compilation;
  /** As they were read; undefined where there was none. */
  readonly reads: ReadonlyMap<string, Source | undefined>;
  /** Milliseconds. */
  readonly cost: number;
}

/** A policy that takes longer to compile, in milliseconds, is not compiled at every question of someone who types. */
const SLOW = 10;

export interface WorkspaceOptions {
  readonly runTests?: TestRunner | undefined;
  readonly judge?: Judge | undefined;
}

/** The policies of the editor's folders: compiled when they are asked for, and again when a file of theirs changed. */
export class Workspace {
  readonly files = new Files();
  readonly tests: TestRuns;
  /** What each policy imported when it was last looked at; of an open one, its text says. */
  readonly #known = new Map<string, readonly string[]>();
  readonly #compiled = new Map<string, Compiled>();
  readonly #judge: Judge | undefined;

  constructor({ runTests, judge }: WorkspaceOptions = {}) {
    this.tests = new TestRuns(this, runTests);
    this.#judge = judge;
  }

  /** Makes policies known that may not be open, or looks at them again. */
  add(names: Iterable<string>): void {
    for (const name of names) {
      const source = this.files.source(name);
      if (source === undefined) this.#known.delete(name);
      else this.#known.set(name, this.#importsOf(source));
    }
  }

  /** Makes policies unknown; those that are open stay. */
  forget(isGone: (name: string) => boolean): void {
    for (const name of [...this.#known.keys()]) if (isGone(name)) this.#known.delete(name);
  }

  /** Every policy, open or not. */
  policies(): readonly string[] {
    const open = this.files
      .opened()
      .flatMap(({ isPolicy, source }) => (isPolicy ? [source.name] : []));
    return [...new Set([...this.#known.keys(), ...open])].sort();
  }

  view(uri: string): View | undefined {
    const file = this.files.get(uri);
    return file?.isPolicy === true ? new View(this, file) : undefined;
  }

  compilationsOf(source: Source): readonly Compilation[] {
    const found = this.rootsOf(source)
      .map((root) => this.compile(root))
      .filter(({ program }) => program.files.some((part) => part.source === source));
    return found.length > 0 ? found : [this.compile(source)];
  }

  recentProgramOf(source: Source): Program | undefined {
    const [root] = this.rootsOf(source);
    const known = root === undefined ? undefined : this.#compiled.get(root.name);
    return known !== undefined && known.cost > SLOW ? known.compilation.program : undefined;
  }

  /**
   * The policies that a file belongs to. A part that others import, and that names no server itself, is read as
   * they read it.
   */
  rootsOf(source: Source): readonly Source[] {
    const roots: Source[] = [];
    const seen = new Set<string>();
    const climb = (part: Source): void => {
      if (seen.has(part.name)) return;
      seen.add(part.name);
      const importers = namesServer(part) ? [] : this.#importersOf(part.name);
      if (importers.length === 0) roots.push(part);
      for (const importer of importers) climb(importer);
    };
    climb(source);
    // A circle of imports has no beginning.
    return roots.length === 0 ? [source] : roots;
  }

  #importersOf(name: string): readonly Source[] {
    const found: Source[] = [];
    for (const other of this.policies()) {
      if (other === name) continue;
      const open = this.files.byName(other)?.source;
      const imported = open === undefined ? this.#known.get(other) : this.#importsOf(open);
      if (imported?.includes(name) !== true) continue;
      const source = this.files.source(other);
      if (source !== undefined) found.push(source);
    }
    return found;
  }

  #importsOf(source: Source): readonly string[] {
    const known = imports.get(source);
    if (known !== undefined) return known;
    const paths = source.text.includes("import")
      ? parsed(source).document.statements.flatMap((node) =>
          node.kind === "import" ? [this.files.resolve(node.path.value, source.name)] : [],
        )
      : [];
    imports.set(source, paths);
    return paths;
  }

  /** Compiles a policy, if a file of it has changed since the last time. */
  compile(source: Source): Compilation {
    const known = this.#compiled.get(source.name);
    if (known !== undefined && this.#isFresh(known, source)) return known.compilation;
    const compiled = this.#compile(source);
    this.#compiled.set(source.name, compiled);
    return compiled.compilation;
  }

  #isFresh({ compilation, reads }: Compiled, source: Source): boolean {
    if (compilation.program.files[0]?.source !== source) return false;
    return [...reads].every(([name, read]) => this.files.source(name) === read);
  }

  #compile(source: Source): Compiled {
    const reads = new Map<string, Source | undefined>();
    const host: Host = {
      read: (path, from) => {
        const name = this.files.resolve(path, from);
        // One state of the files for the whole compilation.
        if (!reads.has(name)) reads.set(name, this.files.source(name));
        return reads.get(name);
      },
      ...(this.#judge !== undefined && { judge: this.#judge }),
    };
    const start = performance.now();
    const compilation = compile(source, host, { remember: true });
    return { compilation, reads, cost: performance.now() - start };
  }

  /** Reads the files as they are now, to be compiled apart from what the editor is told. */
  hostApart(): Host {
    return {
      read: (path, from) => {
        const source = this.files.source(this.files.resolve(path, from));
        return source === undefined ? undefined : copyOf(source);
      },
    };
  }

  /** The files that an open policy was made of, itself left out. */
  filesOf(source: Source): readonly string[] {
    return this.rootsOf(source).flatMap((root) => [
      ...(this.#compiled.get(root.name)?.reads.keys() ?? []),
    ]);
  }

  /** What there is to say about a file, each once, whichever of its policies says it. */
  diagnosticsOf({ source, compilations }: View): readonly Diagnostic[] {
    return this.diagnosticsIn(source, compilations);
  }

  /** What compilations say of a file, and what of its tests has failed. */
  diagnosticsIn(source: Source, compilations: readonly Compilation[]): readonly Diagnostic[] {
    return [...diagnosticsIn(source, compilations), ...this.tests.failuresIn(source)];
  }

  /** The URI of a source, as the editor writes it where it has it open. */
  uriOf({ name }: Pick<Source, "name">): string {
    return this.files.byName(name)?.uri ?? uriOf(name);
  }
}

/** What compilations say of one file, each once. */
export function diagnosticsIn(
  { name }: Pick<Source, "name">,
  compilations: readonly Compilation[],
): readonly Diagnostic[] {
  const seen = new Set<string>();
  return compilations
    .flatMap(({ diagnostics }) => diagnostics)
    .filter(({ source, span, code, message }) => {
      if (source.name !== name) return false;
      const key = `${span.start} ${span.end} ${code} ${message}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

/** The paths that a file imports, by its source: a changed file is another source. */
const imports = new WeakMap<Source, readonly string[]>();

function namesServer(source: Source): boolean {
  return (
    source.text.includes("server") &&
    parsed(source).document.statements.some(({ kind }) => kind === "server")
  );
}

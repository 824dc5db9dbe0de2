import { type Compilation, compile, type Host, type Program } from "../compiler/index.ts";
import { type Diagnostic, type Document, parsed, type Source } from "../language/index.ts";
import { Files, uriOf } from "./files.ts";

/** An open policy with everything that is known of it. */
export interface View {
  readonly uri: string;
  readonly version: number;
  readonly source: Source;
  readonly document: Document;
  /** Of the policy that the file belongs to: itself, or one that imports it. */
  readonly compilation: Compilation;
  readonly program: Program;
  /** Every policy that the file belongs to, the one above first. */
  readonly compilations: readonly Compilation[];
  readonly workspace: Workspace;
}

/** A policy that was compiled, and the files that it was made of. */
interface Compiled {
  readonly compilation: Compilation;
  /** As they were read; undefined where there was none. */
  readonly reads: ReadonlyMap<string, Source | undefined>;
}

/** The policies of the editor's folders: compiled when they are asked for, and again when a file of theirs changed. */
export class Workspace {
  readonly files = new Files();
  /** What each policy imported when it was last looked at; of an open one, its text says. */
  readonly #known = new Map<string, readonly string[]>();
  readonly #compiled = new Map<string, Compiled>();

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
    if (file?.isPolicy !== true) return undefined;
    const { source } = file;
    const compilations = this.rootsOf(source)
      .map((root) => this.compile(root))
      .filter((compilation): compilation is Compilation => compilation !== undefined)
      .filter(({ program }) => program.files.some((part) => part.source === source));
    const own = compilations[0] ?? this.#compile(source).compilation;
    return {
      uri: file.uri,
      version: file.version,
      source,
      document: parsed(source).document,
      compilation: own,
      program: own.program,
      compilations: compilations.length === 0 ? [own] : compilations,
      workspace: this,
    };
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
    };
    return { compilation: compile(source, host), reads };
  }

  /** The files that an open policy was made of, itself left out. */
  filesOf(source: Source): readonly string[] {
    return this.rootsOf(source).flatMap((root) => [
      ...(this.#compiled.get(root.name)?.reads.keys() ?? []),
    ]);
  }

  /** What there is to say about a file, each once, whichever of its policies says it. */
  diagnosticsOf({ source, compilations }: View): readonly Diagnostic[] {
    return diagnosticsIn(source, compilations);
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

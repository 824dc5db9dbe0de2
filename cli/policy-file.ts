import { normalize } from "node:path";
import { type Compilation, type CompileOptions, compile } from "../compiler/index.ts";
import { Source } from "../language/index.ts";
import { readText } from "./file.ts";
import { fileHost } from "./file-host.ts";

/** A file of the command line as a source; `-` is stdin. Throws `Failure`. */
export function readSource(path: string): Source {
  return sourceOf(path, readText(path));
}

/** A byte order mark is none of a source's text: places do not count it. */
export function sourceOf(path: string, text: string): Source {
  return new Source(path === "-" ? "stdin" : normalize(path), text.replace(/^\uFEFF/, ""));
}

/**
 * Compiles a policy file, its imports and its tool list read from disk.
 *
 * @param tools a tool list in place of the one that the policy names
 */
export function compileFile(
  path: string,
  tools: Source | undefined,
  options: CompileOptions = {},
): Compilation {
  const host = { ...fileHost(), ...(tools === undefined ? {} : { toolList: tools }) };
  return compile(readSource(path), host, options);
}

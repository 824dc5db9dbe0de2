import type { Import } from "../../language/index.ts";
import { parsed, Source } from "../../language/index.ts";
import type { Host } from "../host.ts";
import { importCycle, importNotFound } from "../messages/names.ts";
import type { Bound, ProgramFile } from "../program.ts";
import type { Reporter } from "./reporter.ts";

export interface LoadedFiles {
  readonly files: readonly ProgramFile[];
  /** True when a part of the policy is not there, so that a name which is not found may be in it. */
  readonly incomplete: boolean;
}

/** The file and all that it imports, each once, depth first in the order of the statements. */
export function loadFiles(entry: Source, host: Host, reporter: Reporter): LoadedFiles {
  const files: ProgramFile[] = [];
  const seen = new Set<string>();
  let incomplete = false;

  const load = (source: Source, by: Bound<Import> | undefined, way: readonly string[]): void => {
    seen.add(source.name);
    const { document, diagnostics } = parsed(source);
    reporter.diagnostics.push(...diagnostics);
    files.push({
      document,
      source,
      imported: by !== undefined,
      ...(by === undefined ? {} : { by }),
    });
    const here = [...way, source.name];
    for (const node of document.statements) {
      if (node.kind === "broken" && /\bimport\b/.test(source.slice(node.span))) incomplete = true;
      if (node.kind !== "import") continue;
      const file = host.read(node.path.value, source.name);
      if (file === undefined) {
        incomplete = true;
        reporter.report(importNotFound, { path: node.path.value }, source, node.path.span);
      } else if (here.includes(file.name)) {
        const path = [...here.slice(here.indexOf(file.name)), file.name];
        reporter.report(importCycle, { path }, source, node.path.span);
      } else if (!seen.has(file.name)) {
        const imported = file instanceof Source ? file : new Source(file.name, file.text);
        load(imported, { node, source, imported: by !== undefined }, here);
      }
    }
  };
  load(entry, undefined, []);
  return { files, incomplete };
}

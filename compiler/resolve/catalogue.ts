import type { Diagnostic, Server } from "../../language/index.ts";
import { Source } from "../../language/index.ts";
import type { Host } from "../host.ts";
import { toolListNotFound } from "../messages/names.ts";
import type { Bound, Catalogue } from "../program.ts";
import { readToolList } from "../tools/read.ts";
import { classify } from "../tools/risk.ts";
import type { Reporter } from "./reporter.ts";

/** The tool list that the caller gives, else the one that the `server` statement names. */
export function loadCatalogue(
  server: Bound<Server> | undefined,
  host: Host,
  reporter: Reporter,
): Catalogue {
  const path = server?.node.tools;
  if (host.toolList !== undefined) return catalogueOf("given", host.toolList, reporter);
  if (server === undefined || path === undefined) return NONE;
  const file = host.read(path.value, server.source.name);
  if (file === undefined) {
    reporter.report(toolListNotFound, { path: path.value }, server.source, path.span);
    return UNREADABLE;
  }
  const source = file instanceof Source ? file : new Source(file.name, file.text);
  return catalogueOf("server", source, reporter);
}

const UNKNOWN = { known: false, byName: new Map(), names: [], risk: new Map() };
/** One of each, so that what was found out about one is not found out again about an equal one. */
const NONE: Catalogue = { origin: "none", ...UNKNOWN };
const UNREADABLE: Catalogue = { origin: "server", ...UNKNOWN };

interface Read {
  readonly diagnostics: readonly Diagnostic[];
  readonly server: Catalogue;
  readonly given: Catalogue;
}

/** Lists that were read already: an editor compiles the same list again at every keystroke. */
const read = new WeakMap<Source, Read>();

function readList(source: Source): Read {
  const { list, diagnostics } = readToolList(source);
  const tools = list?.tools ?? [];
  const known =
    list === undefined
      ? { source, ...UNKNOWN }
      : {
          known: true,
          list,
          source,
          byName: new Map(tools.map((tool) => [tool.name, tool])),
          names: tools.map(({ name }) => name).sort(),
          risk: new Map(tools.map((tool) => [tool.name, classify(tool).risk])),
        };
  return {
    diagnostics,
    server: { origin: "server", ...known },
    given: { origin: "given", ...known },
  };
}

function catalogueOf(origin: "server" | "given", source: Source, reporter: Reporter): Catalogue {
  const known = read.get(source) ?? readList(source);
  read.set(source, known);
  reporter.diagnostics.push(...known.diagnostics);
  return known[origin];
}

import type { Server } from "../../language/index.ts";
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
  if (server === undefined || path === undefined) return { origin: "none", ...UNKNOWN };
  const file = host.read(path.value, server.source.name);
  if (file === undefined) {
    reporter.report(toolListNotFound, { path: path.value }, server.source, path.span);
    return { origin: "server", ...UNKNOWN };
  }
  const source = file instanceof Source ? file : new Source(file.name, file.text);
  return catalogueOf("server", source, reporter);
}

const UNKNOWN = { known: false, byName: new Map(), names: [], risk: new Map() };

/** Lists that were read already: an editor compiles the same list again at every keystroke. */
const read = new WeakMap<Source, ReturnType<typeof readList>>();

function readList(source: Source) {
  const { list, diagnostics } = readToolList(source);
  const tools = list?.tools ?? [];
  return {
    list,
    diagnostics,
    byName: new Map(tools.map((tool) => [tool.name, tool])),
    names: tools.map(({ name }) => name).sort(),
    risk: new Map(tools.map((tool) => [tool.name, classify(tool).risk])),
  };
}

function catalogueOf(origin: "server" | "given", source: Source, reporter: Reporter): Catalogue {
  const known = read.get(source) ?? readList(source);
  read.set(source, known);
  const { list, diagnostics, ...tools } = known;
  reporter.diagnostics.push(...diagnostics);
  if (list === undefined) return { origin, source, ...UNKNOWN };
  return { origin, known: true, list, source, ...tools };
}

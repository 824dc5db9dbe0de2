import { dirname, isAbsolute, join, normalize } from "node:path";
import {
  type Compilation,
  compile,
  type DiffSide,
  type Host,
  readToolList,
  typeOf,
} from "../../compiler/index.ts";
import { renderDiagnostic, type Source } from "../../language/index.ts";
import { validatePolicy } from "../../policy/index.ts";
import { Failure } from "../command.ts";
import { readText } from "../file.ts";
import { fileHost } from "../file-host.ts";
import { parseJson } from "../json.ts";
import { readSource, sourceOf } from "../policy-file.ts";
import { painter, wantsColour } from "../report/colour.ts";
import type { FilesThen } from "./revision.ts";

/** One side of a comparison, as it was read. */
export interface ReadSide {
  readonly name: string;
  readonly side: DiffSide;
  /** The policy was not there at all. */
  readonly isNew: boolean;
}

interface Then {
  readonly name: string;
  readonly files: FilesThen;
}

/** What was before a policy: nothing was permitted. */
export function emptySide(name: string): ReadSide {
  return { name, side: { policy: { version: "1", default: "deny" } }, isNew: true };
}

/**
 * Reads a policy, a `.mcpp` file or a compiled `.json`. Throws `Failure`, its errors printed before.
 *
 * @param tools a tool list in place of the one that the policy names
 * @param then where its files are read, instead of as they are now
 */
export function readSide(path: string, tools: string | undefined, then?: Then): ReadSide {
  const name = then?.name ?? path;
  const text = then === undefined ? readText(path) : (then.files(path) ?? "");
  const list = tools === undefined ? undefined : readSource(tools);
  const side = path.endsWith(".json")
    ? compiledSide(name, text, list)
    : sourceSide(path, name, text, list, then);
  return { name, side, isNew: false };
}

function compiledSide(name: string, text: string, list: Source | undefined): DiffSide {
  const validated = validatePolicy(parseJson(name, text));
  if (!("policy" in validated)) {
    const [first] = validated.problems;
    const where = first === undefined || first.pointer === "" ? "" : `at \`${first.pointer}\`: `;
    throw new Failure(
      `\`${name}\` is not a valid policy: ${where}${first?.message ?? "it is refused."}`,
    );
  }
  const { policy } = validated;
  return { policy, ...(list !== undefined && { tools: typesIn(list) }) };
}

function typesIn(list: Source): NonNullable<DiffSide["tools"]> {
  const read = readToolList(list);
  if (read.list === undefined) {
    const [first] = read.diagnostics;
    throw new Failure(`\`${list.name}\` is not a tool list: ${first?.message ?? "it is refused."}`);
  }
  return typesOf(read.list.tools);
}

function typesOf(
  tools: NonNullable<Compilation["program"]["tools"]["list"]>["tools"],
): NonNullable<DiffSide["tools"]> {
  return new Map(
    tools.flatMap(({ name, inputSchema }) =>
      inputSchema === undefined ? [] : [[name, typeOf(inputSchema)] as const],
    ),
  );
}

function sourceSide(
  path: string,
  name: string,
  text: string,
  list: Source | undefined,
  then: Then | undefined,
): DiffSide {
  const host: Host = {
    ...(then === undefined ? fileHost() : hostAt(then)),
    ...(list !== undefined && { toolList: list }),
  };
  // What a claim comes to is for `mcpp check` to say.
  const compiled = compile(sourceOf(path, text), host, { claimsApart: true });
  if (compiled.policy === undefined) {
    const paint = painter(wantsColour(process.stderr));
    for (const diagnostic of compiled.diagnostics) {
      if (diagnostic.severity !== "error") continue;
      process.stderr.write(`${renderDiagnostic(diagnostic, { paint })}\n\n`);
    }
    throw new Failure(`\`${name}\` does not compile, so there is nothing to compare.`);
  }
  const { program, policy } = compiled;
  const { tools, labels } = program;
  return {
    policy,
    labels: new Map(
      [...labels].map(([label, { values }]) => [label, values === undefined ? {} : { values }]),
    ),
    ...(tools.list !== undefined && { tools: typesOf(tools.list.tools) }),
  };
}

/** Files as they were. What lies outside the repository has no past. */
function hostAt({ files }: Then): Host {
  return {
    read(path, from) {
      const at = isAbsolute(path) ? path : join(dirname(from), path);
      const text = files(at);
      return text === undefined ? undefined : { name: normalize(at), text };
    },
  };
}

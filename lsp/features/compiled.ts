import { serializePolicy } from "../../policy/index.ts";
import { nameOf } from "../files.ts";
import type { View, Workspace } from "../workspace.ts";

/** The scheme of the documents that show what a policy compiles to. */
export const COMPILED_SCHEME = "mcpp-json";

/** The URI of the JSON of a policy; its name ends in `.json`, so that editors colour it. */
export function compiledUri(uri: string): string {
  const name = uri.slice(uri.lastIndexOf("/") + 1);
  return `${COMPILED_SCHEME}:/${encodeURI(decodeURIComponent(name))}.json?${encodeURIComponent(uri)}`;
}

/** The policy that a URI of this scheme shows. */
export function policyOfCompiledUri(uri: string): string | undefined {
  const query = uri.indexOf("?");
  if (!uri.startsWith(`${COMPILED_SCHEME}:`) || query < 0) return undefined;
  try {
    return decodeURIComponent(uri.slice(query + 1));
  } catch {
    return undefined;
  }
}

/** The JSON of a policy; of one with errors, how many there are. */
export function compiledText(workspace: Workspace, uri: string): string | null {
  const view = workspace.view(uri);
  const source = view?.source ?? workspace.files.source(nameOf(uri));
  if (source === undefined) return null;
  const { policy, diagnostics } = view?.compilation ?? workspace.compile(source);
  if (policy !== undefined) return serializePolicy(policy);
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  return `// ${errors === 1 ? "1 error" : `${errors} errors`}: there is no JSON until the policy compiles.\n`;
}

/** What changes when the JSON of an open policy may have changed. */
export function compiledOf({ compilation }: View): object {
  return compilation;
}

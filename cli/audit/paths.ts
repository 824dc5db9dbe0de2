import { parseDocument } from "yaml";
import { type TrailFile, trailFiles } from "../../runtime/index.ts";
import { Failure } from "../command.ts";
import { pathFrom } from "../config/policies.ts";
import { isFile, readText } from "../file.ts";

const CONFIG = "mcpp.yaml";
const DEFAULT_DIR = "audit";

/**
 * The folders or files of audit trails that were named; without any, the folder of the gateway's configuration here, else
 * `./audit`.
 */
export function trailPaths(named: readonly string[]): readonly string[] {
  if (named.length > 0) return named;
  return [(isFile(CONFIG) ? configuredDir() : undefined) ?? DEFAULT_DIR];
}

/** The files of trails there. Throws `Failure` when there are none. */
export function filesOf(named: readonly string[]): readonly TrailFile[] {
  const paths = trailPaths(named);
  let files: readonly TrailFile[];
  try {
    files = trailFiles(paths);
  } catch (error) {
    const path = (error as { readonly path?: string }).path ?? paths.join(", ");
    throw new Failure(
      `There is no audit trail at \`${path}\`; name the folder that \`mcpp serve\` was given.`,
    );
  }
  if (files.length > 0) return files;
  throw new Failure(`There is no audit trail in \`${paths.join("`, `")}\`.`);
}

/** Only this one setting is read: the rest of it, and what it needs of the environment, is not ours. */
function configuredDir(): string | undefined {
  const document = parseDocument(readText(CONFIG));
  const dir = document.errors.length === 0 ? document.getIn(["audit", "dir"]) : undefined;
  return typeof dir === "string" ? pathFrom(dir, CONFIG) : undefined;
}

import type { ChainReport, Head } from "../../runtime/index.ts";
import { Failure } from "../command.ts";
import { readText } from "../file.ts";
import { parseJson } from "../json.ts";

/** The heads of all chains, as they are saved. */
export interface Checkpoint {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly heads: readonly Head[];
}

export function checkpointOf(reports: readonly ChainReport[], now: number): Checkpoint {
  const heads = reports.flatMap(({ head }) => head ?? []);
  return { version: 1, time: new Date(now).toISOString(), heads };
}

/** The heads in the file of a checkpoint. Throws `Failure`. */
export function readCheckpoint(path: string): readonly Head[] {
  const value = parseJson(path, readText(path)) as Partial<Checkpoint> | null;
  if (value?.version !== 1 || !Array.isArray(value.heads) || !value.heads.every(isHead)) {
    throw new Failure(`\`${path}\` is no checkpoint; \`mcpp audit checkpoint\` writes one.`);
  }
  return value.heads;
}

function isHead(value: unknown): value is Head {
  const { chain, file, record, hash } = (value ?? {}) as Partial<Head>;
  return (
    typeof chain === "string" &&
    typeof file === "string" &&
    Number.isSafeInteger(record) &&
    typeof hash === "string"
  );
}

import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { ArgumentMode } from "./arguments.ts";
import type { Destination } from "./destination.ts";
import { newChain, prepareFolder } from "./files.ts";
import { Segments } from "./segments.ts";
import { StandardOutput } from "./standard-output.ts";
import { AuditTrail } from "./trail.ts";

/** Where an audit trail goes, and what is in it. */
export type AuditSettings = {
  /** `judged` where it is absent. */
  readonly arguments?: ArgumentMode;
} & (
  | { readonly kind: "stdout" }
  | {
      readonly kind: "folder";
      readonly dir: string;
      readonly sync?: boolean;
      /** Bytes of all trails in the folder (10 GiB). */
      readonly maxTotal?: number;
    }
);

export interface OpenTrailOptions {
  readonly key: Buffer;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly notice: (text: string) => void;
  /** What the record `start` says of what is served. */
  readonly start: Readonly<Record<string, unknown>>;
}

/** Begins an audit trail. Throws `AuditUnavailable`. */
export function openTrail(
  settings: AuditSettings,
  { key, now, notice, start }: OpenTrailOptions,
): AuditTrail {
  // In lower case: some file systems know no other.
  const chain = newChain(now(), randomBytes(5).toString("hex").slice(0, 8));
  const destination = destinationOf(settings, chain, notice);
  try {
    return new AuditTrail(
      { destination, arguments: settings.arguments ?? "judged", key, now, notice },
      { chain, pid: process.pid, host: hostname(), ...start },
    );
  } catch (error) {
    destination.close();
    throw error;
  }
}

function destinationOf(
  settings: AuditSettings,
  chain: string,
  notice: (text: string) => void,
): Destination {
  if (settings.kind === "stdout") return new StandardOutput();
  const { sync, maxTotal } = settings;
  return new Segments({
    dir: prepareFolder(settings.dir),
    chain,
    notice,
    ...(sync === undefined ? {} : { sync }),
    ...(maxTotal === undefined ? {} : { maxTotal }),
  });
}

import { Source } from "../../language/index.ts";
import { Failure } from "../command.ts";
import { readText } from "../file.ts";
import { isReadableByAll, refuseWritable } from "../permissions.ts";
import { type Digests, digestsOf } from "../reload/digests.ts";
import { reportPretty } from "../report/pretty.ts";
import type { Config, ReadyPolicy } from "./config.ts";
import { ConfigDocument } from "./document.ts";
import { loadConfig } from "./load.ts";
import { holdsSecrets } from "./secrets.ts";

/** A configuration that may be served. */
export interface Serving {
  readonly config: Config<ReadyPolicy>;
  /** All that it is made of, itself first. */
  readonly files: readonly string[];
  /** The files as they were when they were read. */
  readonly seen: Digests;
}

/** A configuration that cannot be served, though its files could be read; they are to be watched. */
export class NotServable extends Error {
  override readonly name = "NotServable";
  readonly files: readonly string[];

  constructor(message: string, files: readonly string[]) {
    super(message);
    this.files = files;
  }
}

/** Reads a configuration for serving it. Throws `NotServable`, with a report for a person. */
export function readServing(path: string, env: NodeJS.ProcessEnv): Serving {
  const files = [path];
  const seen = digestsOf(files);
  try {
    refuseWritable(path);
    const source = new Source(path, readText(path));
    refuseReadableSecrets(source);
    const { config, diagnostics, policies } = loadConfig(source, env, true);
    for (const policy of policies) files.push(...policy.files);
    for (const file of files) refuseWritable(file);
    if (config !== undefined) {
      return { config, files: [...new Set(files)], seen: new Map([...digestsOf(files), ...seen]) };
    }
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    throw new Failure(
      `\`${path}\` has errors.\n\n${reportPretty({ diagnostics: errors, files: 1, colour: false })}`.trimEnd(),
    );
  } catch (error) {
    if (error instanceof Failure) throw new NotServable(error.message, [...new Set(files)]);
    throw error;
  }
}

function refuseReadableSecrets(source: Source): void {
  const { name } = source;
  if (!isReadableByAll(name) || !holdsSecrets(new ConfigDocument(source))) return;
  throw new Failure(
    `\`${name}\` holds secrets and can be read by every user of this machine; \`chmod o-r ${name}\` mends that, or take them from the environment with \`\${NAME}\`.`,
  );
}

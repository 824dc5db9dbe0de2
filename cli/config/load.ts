import type { Source } from "../../language/index.ts";
import type { ReadyPolicy } from "./config.ts";
import type { Environment } from "./environment.ts";
import { filePolicies, pathFrom } from "./policies.ts";
import { type ConfigReading, readConfig } from "./read.ts";

/**
 * Reads a configuration and the policies that it names from disk, as they are now. `starts`: a gateway is about to
 * start with it, so that every variable must be set.
 */
export function loadConfig(
  source: Source,
  env: Environment,
  starts: boolean,
): ConfigReading<ReadyPolicy> {
  return readConfig(source, {
    env,
    starts,
    now: Date.now(),
    policy: filePolicies(),
    statePath: pathFrom,
  });
}

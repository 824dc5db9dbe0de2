import { existsSync } from "node:fs";
import { renderDiagnostic, Source } from "../language/index.ts";
import type { StateStore } from "../runtime/index.ts";
import { Failure } from "./command.ts";
import type { Config } from "./config/config.ts";
import { pathFrom } from "./config/policies.ts";
import { readConfig } from "./config/read.ts";
import { readText } from "./file.ts";
import { openState, stateFile } from "./serve-state.ts";

/** Which proxies a command is about: those on a state, which a configuration or `--state` names. */
export interface SharedStateOptions {
  readonly state?: string;
  readonly config?: string;
}

export interface SharedState {
  readonly store: StateStore;
  /** Of a gateway. */
  readonly config?: Config;
}

/** Runs `work` on the state that running proxies use. Throws `Failure`. */
export async function onSharedState<T>(
  { state, config: file }: SharedStateOptions,
  work: (shared: SharedState) => Promise<T>,
): Promise<T> {
  if (state !== undefined && file !== undefined) {
    throw new Failure("`--state` does not go with `--config`: the configuration says which it is.");
  }
  const config = file === undefined ? undefined : gatewayConfig(file);
  const named = state ?? config?.state;
  if (named === "") {
    throw new Failure(`The \`state\` of \`${file}\` names a variable that is not set.`);
  }
  if (named === "memory") {
    throw new Failure(
      "The state `memory` is in the process of the proxy alone, and cannot be reached from here.",
    );
  }
  const { store } = await openState(named, true);
  try {
    return await work({ store, ...(config === undefined ? {} : { config }) });
  } finally {
    await store.close();
  }
}

/** Whether there is a state yet: where no proxy has made its file, nothing can be in it. */
export function isThere({ state, config }: SharedStateOptions): boolean {
  if (config !== undefined) return true;
  if (state === undefined) return existsSync(stateFile());
  return !state.startsWith("sqlite:") || existsSync(state.slice("sqlite:".length));
}

/** The configuration, without a look into its policies. */
function gatewayConfig(path: string): Config {
  const { config, diagnostics } = readConfig(new Source(path, readText(path)), {
    env: process.env,
    starts: false,
    now: Date.now(),
    statePath: pathFrom,
    policy: (policy) => ({ path: policy, diagnostics: [] }),
  });
  if (config !== undefined) return config;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  throw new Failure(
    `\`${path}\` has errors.\n\n${errors.map((one) => renderDiagnostic(one)).join("\n\n")}`,
  );
}

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Policy } from "../policy/index.ts";
import {
  type Freeze,
  type FreezeScope,
  type FreezeStore,
  Freezes,
  type MaybePromise,
  openStore,
  type StateStore,
  StateUnavailable,
} from "../runtime/index.ts";
import { Failure, sentenceOf } from "./command.ts";

export interface ServeState {
  readonly store: StateStore;
  /** Where counters are, for the start line. */
  readonly where: string;
  /** What is stopped by hand. */
  readonly freezes: Freezes;
  /** Where that is kept. */
  readonly freezeStore: FreezeStore;
}

/** For the start of a proxy that was asked to. */
export const WITHOUT_LIMITS =
  "while the state cannot be reached, calls are made without their limits (`state_fail: open`)";

/**
 * Opens what `--state` names; without it, the file of this user, so that an agent that starts its server anew does
 * not start with fresh quotas. `counting`: false where nothing is
 * counted, which needs no file. Throws `Failure`.
 */
export async function openState(named: string | undefined, counting: boolean): Promise<ServeState> {
  if (named !== undefined) return openNamedState(named);
  const path = stateFile();
  if (!counting) {
    const store = await openStore("memory");
    return stateOf(store, "nothing to count", new FreezesInFile(path));
  }
  try {
    return stateOf(await openStore(`sqlite:${path}`), `counters in ${path}`);
  } catch (error) {
    throw new Failure(
      `The counters cannot be kept in \`${path}\`: ${sentenceOf(error)} Name another file with \`--state sqlite:PATH\`, or count only while this process lives with \`--state memory\`.`,
    );
  }
}

async function openNamedState(named: string): Promise<ServeState> {
  try {
    const store = await openStore(named);
    // Never the address: it may hold a password.
    return stateOf(store, `counters in ${store.name}`);
  } catch (error) {
    throw new Failure(`The state could not be opened: ${sentenceOf(error)}`);
  }
}

function stateOf(store: StateStore, where: string, freezeStore = store.freezes): ServeState {
  return { store, where, freezes: new Freezes(freezeStore), freezeStore };
}

/** The freezes in a state file that nothing else is needed of: it is opened when it is there, and made to freeze. */
class FreezesInFile implements FreezeStore {
  readonly #path: string;
  #store: Promise<StateStore> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  list(now?: number): readonly Freeze[] | Promise<readonly Freeze[]> {
    if (this.#store === undefined && !existsSync(this.#path)) return [];
    return this.#use((freezes) => freezes.list(now));
  }

  freeze(freeze: Freeze): Promise<void> {
    return this.#use((freezes) => freezes.freeze(freeze));
  }

  unfreeze(scope: FreezeScope, by: string): Promise<number> {
    return this.#use((freezes) => freezes.unfreeze(scope, by));
  }

  liftedBy(id: string): Promise<string | undefined> {
    return this.#use((freezes) => freezes.liftedBy(id));
  }

  async #use<T>(use: (freezes: FreezeStore) => MaybePromise<T>): Promise<T> {
    this.#store ??= openStore(`sqlite:${this.#path}`);
    try {
      return await use((await this.#store).freezes);
    } catch (error) {
      this.#store = undefined;
      throw error instanceof StateUnavailable ? error : new StateUnavailable(sentenceOf(error));
    }
  }
}

/** Whether anything in the policy must be remembered from one call to the next. */
export function counts({ all_tools, tools = {} }: Policy): boolean {
  return (
    (all_tools?.limits ?? []).length > 0 ||
    Object.values(tools).some(
      ({ limits = [], ask_if = [] }) => limits.length > 0 || ask_if.length > 0,
    )
  );
}

/**
 * The state file of this user, one for all servers: counters are told apart by the server id. By the XDG Base
 * Directory Specification, which has relative paths ignored; else by what the platform's programs use.
 */
export function stateFile(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return join(stateFolder(env, platform, home), "mcpp", "state.db");
}

function stateFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, home: string): string {
  const { XDG_STATE_HOME: xdg, LOCALAPPDATA: local } = env;
  if (xdg !== undefined && isAbsolute(xdg)) return xdg;
  switch (platform) {
    case "win32":
      return local !== undefined && isAbsolute(local) ? local : join(home, "AppData", "Local");
    case "darwin":
      return join(home, "Library", "Application Support");
    default:
      return join(home, ".local", "state");
  }
}

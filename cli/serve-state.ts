import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Policy } from "../policy/index.ts";
import {
  type Freeze,
  Freezes,
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
}

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
    return { store, where: "nothing to count", freezes: new Freezes(new FreezesInFile(path)) };
  }
  try {
    const store = await openStore(`sqlite:${path}`);
    return { store, where: `counters in ${path}`, freezes: new Freezes(store.freezes) };
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
    return { store, where: `counters in ${store.name}`, freezes: new Freezes(store.freezes) };
  } catch (error) {
    throw new Failure(`The state could not be opened: ${sentenceOf(error)}`);
  }
}

/** The freezes in a state file that nothing else is needed of: it is opened when it is there, and never made. */
class FreezesInFile {
  readonly #path: string;
  #store: Promise<StateStore> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  list(): readonly Freeze[] | Promise<readonly Freeze[]> {
    if (this.#store === undefined && !existsSync(this.#path)) return [];
    return this.#read();
  }

  async #read(): Promise<readonly Freeze[]> {
    this.#store ??= openStore(`sqlite:${this.#path}`);
    try {
      return await (await this.#store).freezes.list();
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

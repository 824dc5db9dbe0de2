import type { Source } from "../language/index.ts";
import type { Json, Policy } from "../policy/index.ts";

/** What compiling needs from the world around it: files, and whoever decides calls. */
export interface Host {
  /**
   * The file at `path`, as written in the file named `from`. Its `name` is the file's identity: two paths
   * that lead to one file give one name. `undefined` when it cannot be read.
   */
  read(path: string, from: string): { readonly name: string; readonly text: string } | undefined;
  /** A tool list in place of the one that the `server` statement names. */
  readonly toolList?: Source;
  /** Without one no claim is refuted: a call is an example only if the engine decides it so. */
  readonly judge?: Judge;
}

/** The decision functions of the proxy. */
export interface Judge {
  /** Limits have room for every call that they can count; pinned definitions are the live ones. */
  call(policy: Policy, call: JudgedCall): JudgedOutcome;
  /** Of a resource's URI, or a prompt's name. */
  kind(policy: Policy, kind: "resources" | "prompts", name: string): JudgedOutcome;
}

export type JudgedOutcome = "allow" | "ask" | "deny" | "hide";

/** One call, and all that a decision on it may read. */
export interface JudgedCall {
  readonly tool: string;
  readonly args: { readonly [key: string]: Json };
  readonly grant: {
    readonly id: string;
    readonly name: string;
    readonly labels: { readonly [name: string]: string };
  };
  readonly client?: { readonly name?: Json; readonly version?: Json };
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
  /** Whether the time makes no difference. */
  readonly anyTime: boolean;
}

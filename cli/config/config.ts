import type { Diagnostic } from "../../language/index.ts";
import type { Json, Policy, SourceMap } from "../../policy/index.ts";
import type {
  AuditSettings,
  Context,
  ListenAddress,
  Openings,
  ServerRequest,
} from "../../runtime/index.ts";
import type { ServerTarget } from "../backend.ts";
import type { AdminConfig } from "./admin.ts";
import type { Naming, Permission } from "./guard.ts";

/** A gateway's configuration, read and sound. */
export interface Config<P extends PolicyFacts = PolicyFacts> {
  readonly listen: ListenAddress;
  readonly hosts: readonly string[];
  readonly origins: readonly string[];
  /** Absent: there is no admin page. */
  readonly admin?: AdminConfig;
  /** Root keys; the first seals. Empty: a random one. */
  readonly keys: readonly Uint8Array[];
  /** What `openStore` takes, its path resolved; absent: the file of this user. */
  readonly state?: string;
  /** Calls whose limits cannot be checked are made. */
  readonly stateFail?: "open";
  /** Its folder resolved; absent: nothing is recorded. */
  readonly audit?: AuditSettings;
  readonly approvals: ApprovalsConfig;
  readonly guard?: P;
  /** Bytes. */
  readonly maxMessage: number;
  /** Messages a second of one grant. */
  readonly rate: number;
  readonly servers: ReadonlyMap<string, ServerConfig>;
  readonly grants: readonly GrantConfig<P>[];
}

export interface ApprovalsConfig {
  /** How long a call is held (milliseconds). */
  readonly holdMs: number;
  /** Who is told of new questions. */
  readonly webhook?: URL;
  readonly approvers: readonly ApproverConfig[];
}

export interface ApproverConfig {
  readonly name: string;
  /** SHA-256 of the token, 64 hexadecimal digits. */
  readonly token: string;
  readonly groups: readonly string[];
}

export type ServerConfig = {
  readonly name: string;
  readonly refusedRequests: ReadonlySet<ServerRequest>;
  readonly opens: Openings;
} & ServerTarget;

export interface GrantConfig<P extends PolicyFacts = PolicyFacts> {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the token, 64 hexadecimal digits. */
  readonly token: string;
  /** By the name of the server. */
  readonly policies: ReadonlyMap<string, P>;
  /** Milliseconds since 1970, UTC: no more from then on. */
  readonly expiresAt?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly shadow: boolean;
}

/** A policy that a configuration names, as far as the configuration is checked against it. */
export interface PolicyFacts {
  /** As it is named in messages. */
  readonly path: string;
  /** What is wrong inside it, at its own places. */
  readonly diagnostics: readonly Diagnostic[];
  /** Why it cannot be used, a sentence, where no diagnostic says it. */
  readonly problem?: string;
  /** The name that it gives the server. */
  readonly server?: string;
  /** The values of its labels, undefined for any; absent where they are not known. */
  readonly labels?: ReadonlyMap<string, readonly string[] | undefined>;
  /** The tools of its server, where it names a tool list. */
  readonly toolNames?: ReadonlySet<string>;
  /** The tools that it names, and what it opens; absent where its text is not known. */
  readonly namings?: readonly Naming[];
  readonly permissions?: readonly Permission[];
  /** What is wrong with its claims, as far as they are about it alone. */
  readonly ofClaims?: readonly Diagnostic[];
  /** Of a guard, what is wrong with its claims about the calls that pass it and another policy. */
  readonly claimsOver?: (under: Under) => readonly Diagnostic[];
  /** Absent when there is an error. */
  readonly policy?: Policy;
  /** The tools of its list, by name. */
  readonly tools?: ReadonlyMap<string, Json>;
  /** Whether it forbids every call of a tool. */
  readonly refuses?: (tool: string) => boolean;
}

/** A policy that is ready to be enforced. */
export interface ReadyPolicy extends PolicyFacts {
  /** All that it is made of, its tool list too, each of them a path. */
  readonly files: readonly string[];
  readonly map?: SourceMap;
}

/** Calls that must pass a guard: those of a policy under it. */
export interface Under {
  readonly policy: PolicyFacts;
  /** Whose calls they are, as the end of a sentence: `for the grant …`. */
  readonly where: string;
  /** The grant that calls; absent for any. */
  readonly grant?: Context["grant"];
  /** The policy only looks on: whatever the guard lets pass is allowed. */
  readonly shadow?: boolean;
}

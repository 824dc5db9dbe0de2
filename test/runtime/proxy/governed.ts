import { type Policy, validatePolicy } from "../../../policy/index.ts";
import {
  compileEngine,
  type DecisionRecord,
  type Governance,
  noLoad,
  type Openings,
  openStore,
  Rounds,
  Rulebook,
  Seals,
  type ServerRequest,
  Session,
  type StateStore,
  Tasks,
} from "../../../runtime/index.ts";

/** 2026-11-23 is a Monday. */
export const NOW = Date.parse("2026-11-23T09:00:00Z");

export interface GovernedOptions {
  readonly store?: StateStore;
  readonly opens?: Openings;
  /** False: what is sent to the server is not written. */
  readonly serverTakes?: () => boolean;
  readonly refused?: readonly ServerRequest[];
  /** What keeps records besides. */
  readonly keep?: Governance["record"];
  readonly shadow?: boolean;
}

/** A session in this process, and everything that comes out of it. */
export class Governed {
  readonly session: Session;
  readonly governance: Governance;
  readonly policy: Policy;
  readonly toClient: Record<string, unknown>[] = [];
  readonly toServer: Record<string, unknown>[] = [];
  readonly records: DecisionRecord[] = [];
  readonly notices: string[] = [];

  private constructor(policy: Policy, store: StateStore, options: GovernedOptions) {
    this.policy = policy;
    const { shadow = false } = options;
    const rulebook = new Rulebook(policy, compileEngine(policy, { shadow }), {
      opens: options.opens,
      shadow,
    });
    this.governance = {
      rulebook: () => rulebook,
      store,
      server: "shop",
      grant: { id: "local", name: "local", labels: {} },
      refusedRequests: new Set(options.refused ?? []),
      rounds: new Rounds(new Seals(), { server: "shop", grant: "local" }, store, () => NOW),
      tasks: new Tasks(new Seals(), { server: "shop", grant: "local" }, true),
      load: noLoad(),
      now: () => NOW,
      record: (record) => {
        this.records.push(record);
        return options.keep?.(record);
      },
      notice: (text) => this.notices.push(text),
    };
    this.session = new Session(this.governance, {
      toClient: (message) => this.toClient.push(parse(message)),
      toServer: (message) => {
        if (options.serverTakes?.() === false) return false;
        this.toServer.push(parse(message));
        return true;
      },
      noise: () => {},
    });
  }

  static async under(policy: unknown, options: GovernedOptions = {}): Promise<Governed> {
    const validated = validatePolicy(policy);
    if ("problems" in validated) throw new Error(JSON.stringify(validated.problems));
    const store = options.store ?? (await openStore("memory", { clock: () => NOW }));
    return new Governed(validated.policy, store, options);
  }

  client(message: unknown): void {
    this.session.fromClient(Buffer.from(JSON.stringify(message)));
  }

  server(message: unknown): void {
    this.session.fromServer(Buffer.from(JSON.stringify(message)));
  }
}

function parse(message: string | Uint8Array): Record<string, unknown> {
  return JSON.parse(Buffer.from(message as Uint8Array).toString()) as Record<string, unknown>;
}

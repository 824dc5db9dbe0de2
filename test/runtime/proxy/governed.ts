import { type Policy, validatePolicy } from "../../../policy/index.ts";
import {
  type Approval,
  Approvals,
  compileEngine,
  type DecisionRecord,
  Freezes,
  type Governance,
  noLoad,
  type Observer,
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
  readonly now?: () => number;
  /** How long a call is held that a person is asked about (milliseconds); absent: nobody can be asked. */
  readonly holdMs?: number;
  readonly grant?: string;
  /** The policy is only looked at. */
  readonly shadow?: boolean;
  readonly connected?: () => boolean;
  readonly stateFail?: "open";
  /** Who watches. */
  readonly observer?: Observer;
}

/** A session in this process, and everything that comes out of it. */
export class Governed {
  readonly session: Session;
  readonly governance: Governance;
  readonly policy: Policy;
  /** The questions that somebody was told of. */
  readonly asked: Approval[] = [];
  readonly toClient: Record<string, unknown>[] = [];
  readonly toServer: Record<string, unknown>[] = [];
  readonly records: DecisionRecord[] = [];
  readonly notices: string[] = [];
  #rulebook: Rulebook;

  private constructor(policy: Policy, store: StateStore, options: GovernedOptions) {
    this.policy = policy;
    const { opens, shadow = false, now = () => NOW, holdMs, grant = "local" } = options;
    this.#rulebook = new Rulebook(policy, compileEngine(policy, { shadow }), { opens, shadow });
    this.governance = {
      rulebook: () => this.#rulebook,
      store,
      server: "shop",
      grant: { id: grant, name: grant, labels: {} },
      approvals:
        holdMs === undefined
          ? undefined
          : new Approvals({
              store: store.approvals,
              holdMs,
              local: false,
              asked: (approval) => this.asked.push(approval),
            }),
      freezes: new Freezes(store.freezes),
      refusedRequests: new Set(options.refused ?? []),
      rounds: new Rounds(new Seals(), { server: "shop", grant }, store, now),
      tasks: new Tasks(new Seals(), { server: "shop", grant }, true),
      load: noLoad(),
      now,
      record: (record) => {
        this.records.push(record);
        return options.keep?.(record);
      },
      observer: options.observer,
      stateFail: options.stateFail,
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
      ...(options.connected === undefined ? {} : { connected: options.connected }),
    });
  }

  /** Another policy is in force from now on. */
  reload(policy: Policy): void {
    this.#rulebook = new Rulebook(policy, compileEngine(policy));
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

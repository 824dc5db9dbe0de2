import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { DecisionRecord } from "../proxy/governance.ts";
import type { FinishedRequest } from "../proxy/observe.ts";
import { errorClass } from "./attributes.ts";
import { DECISION_SECONDS, OPERATION_SECONDS } from "./buckets.ts";
import type { Instrument, Levels, Place } from "./instrument.ts";
import type { Names } from "./names.ts";

export interface PrometheusOptions {
  readonly version: string;
  readonly levels: Levels;
  readonly names: Names;
}

/** Levels among the metrics of any Node process that are named like counters, which Prometheus objects to. */
const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
] as const;

/** The metrics of this process, for Prometheus to ask for. */
export class Prometheus implements Instrument {
  readonly #names: Names;
  readonly #registry = new Registry();
  readonly #requests;
  readonly #upstream;
  readonly #decision;
  readonly #decisions;
  readonly #tools;
  readonly #denials;
  readonly #turnedAway;
  readonly #reloads;

  constructor({ version, levels, names }: PrometheusOptions) {
    this.#names = names;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    new Gauge({
      name: "mcpp_build_info",
      help: "1; which version this is.",
      labelNames: ["version"],
      registers,
    }).set({ version }, 1);
    const labels = ["server", "method", "tool", "error"] as const;
    this.#requests = new Histogram({
      name: "mcpp_request_duration_seconds",
      help: "How long a client has waited for the answer to a request.",
      labelNames: labels,
      buckets: [...OPERATION_SECONDS],
      registers,
    });
    this.#upstream = new Histogram({
      name: "mcpp_upstream_duration_seconds",
      help: "How long a server has taken to answer a request that it was sent.",
      labelNames: labels,
      buckets: [...OPERATION_SECONDS],
      registers,
    });
    this.#decision = new Histogram({
      name: "mcpp_decision_duration_seconds",
      help: "How long a decision has taken, those of persons aside.",
      labelNames: ["server"],
      buckets: [...DECISION_SECONDS],
      registers,
    });
    this.#decisions = new Counter({
      name: "mcpp_decisions_total",
      help: "Decisions on what clients have sent.",
      labelNames: ["server", "grant", "outcome", "enforced"],
      registers,
    });
    this.#tools = new Counter({
      name: "mcpp_tool_calls_total",
      help: "Decisions on tool calls.",
      labelNames: ["server", "tool", "outcome", "enforced"],
      registers,
    });
    this.#denials = new Counter({
      name: "mcpp_denials_total",
      help: "What was forbidden, by the rule that did.",
      labelNames: ["server", "rule", "enforced"],
      registers,
    });
    this.#turnedAway = new Counter({
      name: "mcpp_turned_away_total",
      help: "Requests that were turned away before anybody knew who it is.",
      labelNames: ["cause"],
      registers,
    });
    this.#reloads = new Counter({
      name: "mcpp_reloads_total",
      help: "Saved policies and configurations, taken or refused.",
      labelNames: ["outcome"],
      registers,
    });
    this.#levels(levels, registers);
  }

  decided(decision: DecisionRecord, { server, grant }: Place): void {
    const { method, outcome, rule, took, approval } = decision;
    const enforced = String(decision.enforced);
    this.#decisions.inc({ server, grant: grant.name, outcome, enforced });
    if (method === "tools/call") {
      const tool = this.#names.tool({ listed: false, ...decision });
      this.#tools.inc({ server, tool, outcome, enforced });
    }
    if (outcome !== "allow") {
      this.#denials.inc({ server, rule: this.#names.rule(rule), enforced });
    }
    // What a person has taken is no time of ours.
    if (took !== undefined && approval === undefined) {
      this.#decision.observe({ server }, took / 1_000);
    }
  }

  finished(request: FinishedRequest, { server }: Place): void {
    const { began, forwarded, ended, error } = request;
    const labels = {
      server,
      method: this.#names.method(request),
      tool: this.#names.tool(request),
      error: error === undefined ? "" : errorClass(error),
    };
    this.#requests.observe(labels, (ended - began) / 1_000);
    if (forwarded !== undefined) this.#upstream.observe(labels, (ended - forwarded) / 1_000);
  }

  turnedAway(cause: string): void {
    this.#turnedAway.inc({ cause });
  }

  reloaded(outcome: "taken" | "refused"): void {
    this.#reloads.inc({ outcome });
  }

  /** The media type and the text of what is known now. */
  async page(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #levels({ held, approvals, freezes, audit }: Levels, registers: Registry[]): void {
    const level = (
      name: string,
      help: string,
      read: () => number | undefined | Promise<number | undefined>,
    ): void => {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          // What cannot be told now is not guessed.
          this.set(Number.NaN);
          try {
            this.set((await read()) ?? Number.NaN);
          } catch {}
        },
      });
    };
    level("mcpp_calls_held", "Calls that wait for a person in this process.", held);
    level("mcpp_approvals_pending", "Questions that wait in the state.", approvals);
    level("mcpp_freezes", "Freezes in force.", freezes);
    if (audit() === undefined) return;
    level("mcpp_audit_writable", "1 where the audit trail can be written, 0 where not.", () =>
      Number(audit()),
    );
  }
}

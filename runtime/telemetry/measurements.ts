import type { Attributes, Meter, ObservableResult } from "@opentelemetry/api";
import type { DecisionRecord } from "../proxy/governance.ts";
import type { FinishedRequest } from "../proxy/observe.ts";
import { metricAttributes } from "./attributes.ts";
import { DECISION_SECONDS, OPERATION_SECONDS } from "./buckets.ts";
import type { Levels, Place } from "./instrument.ts";
import type { Names } from "./names.ts";

/** The measurements that are sent over OTLP: those of the semantic conventions for MCP, and our own under `mcpp.`. */
export class Measurements {
  readonly #names: Names;
  readonly #server;
  readonly #client;
  readonly #decision;
  readonly #decisions;
  readonly #denials;
  readonly #turnedAway;
  readonly #reloads;

  constructor(meter: Meter, names: Names, levels: Levels) {
    this.#names = names;
    const seconds = (name: string, description: string, boundaries: readonly number[]) =>
      meter.createHistogram(name, {
        description,
        unit: "s",
        advice: { explicitBucketBoundaries: [...boundaries] },
      });
    this.#server = seconds(
      "mcp.server.operation.duration",
      "How long a client has waited for the answer to a request.",
      OPERATION_SECONDS,
    );
    this.#client = seconds(
      "mcp.client.operation.duration",
      "How long a server has taken to answer a request that it was sent.",
      OPERATION_SECONDS,
    );
    this.#decision = seconds(
      "mcpp.decision.duration",
      "How long a decision has taken, the time that nobody was asked for aside.",
      DECISION_SECONDS,
    );
    const count = (name: string, description: string) =>
      meter.createCounter(name, { description, unit: "1" });
    this.#decisions = count("mcpp.decisions", "Decisions on what clients have sent.");
    this.#denials = count("mcpp.denials", "What was forbidden, by the rule that did.");
    this.#turnedAway = count("mcpp.turned_away", "Requests of nobody that is known.");
    this.#reloads = count("mcpp.reloads", "Saved policies and configurations.");
    this.#levels(meter, levels);
  }

  decided(decision: DecisionRecord, { server, grant }: Place): void {
    const { outcome, enforced, rule, took, approval } = decision;
    this.#decisions.add(1, {
      "mcpp.server": server,
      "mcpp.grant": grant.name,
      "mcpp.decision": outcome,
      "mcpp.enforced": enforced,
    });
    if (outcome !== "allow") {
      this.#denials.add(1, {
        "mcpp.server": server,
        "mcpp.rule": this.#names.rule(rule),
        "mcpp.enforced": enforced,
      });
    }
    // What a person has taken is no time of ours.
    if (took !== undefined && approval === undefined) {
      this.#decision.record(took / 1_000, { "mcpp.server": server });
    }
  }

  finished(request: FinishedRequest, place: Place): void {
    const { began, forwarded, ended } = request;
    const of = (carrier: "from" | "to"): Attributes =>
      metricAttributes(request, place, place[carrier], this.#names);
    this.#server.record((ended - began) / 1_000, of("from"));
    if (forwarded !== undefined) this.#client.record((ended - forwarded) / 1_000, of("to"));
  }

  turnedAway(cause: string): void {
    this.#turnedAway.add(1, { "mcpp.cause": cause });
  }

  reloaded(outcome: "taken" | "refused"): void {
    this.#reloads.add(1, { "mcpp.outcome": outcome });
  }

  #levels(meter: Meter, { held, approvals, freezes, audit }: Levels): void {
    const gauge = (
      name: string,
      description: string,
      read: () => number | undefined | Promise<number | undefined>,
    ): void => {
      meter
        .createObservableGauge(name, { description, unit: "1" })
        .addCallback(async (result: ObservableResult) => {
          try {
            const value = await read();
            if (value !== undefined) result.observe(value);
          } catch {
            // It cannot be told now, and is not guessed.
          }
        });
    };
    gauge("mcpp.calls.held", "Calls that wait for a person in this process.", held);
    gauge("mcpp.approvals.pending", "Questions that wait in the state.", approvals);
    gauge("mcpp.freezes", "Freezes in force.", freezes);
    gauge("mcpp.audit.writable", "1 where the audit trail can be written, 0 where not.", () => {
      const writable = audit();
      return writable === undefined ? undefined : Number(writable);
    });
  }
}

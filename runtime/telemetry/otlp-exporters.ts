import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Encoding } from "./otlp-settings.ts";

/** What sends spans as they are to be written; where, and with which headers, it reads from the environment itself. */
export async function spanExporter(
  encoding: Encoding,
  notice: (text: string) => void,
): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    encoding === "http/json"
      ? await import("@opentelemetry/exporter-trace-otlp-http")
      : await import("@opentelemetry/exporter-trace-otlp-proto");
  return telling<SpanExporter>(new OTLPTraceExporter(), "spans", notice);
}

export async function metricExporter(
  encoding: Encoding,
  notice: (text: string) => void,
): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } =
    encoding === "http/json"
      ? await import("@opentelemetry/exporter-metrics-otlp-http")
      : await import("@opentelemetry/exporter-metrics-otlp-proto");
  return telling<PushMetricExporter>(new OTLPMetricExporter(), "metrics", notice);
}

interface Exporter {
  export(items: never, done: (result: Result) => void): void;
}
interface Result {
  readonly code: number;
  readonly error?: Error;
}

/** Between two lines about a collector that does not take what it is sent (milliseconds). */
const QUIET_MS = 60_000;

/** The same exporter, which says that what it was to send was lost: once a minute, and without the address. */
function telling<T extends Exporter>(exporter: T, what: string, notice: (text: string) => void): T {
  const send = exporter.export.bind(exporter);
  let said = Number.NEGATIVE_INFINITY;
  exporter.export = (items: never, done: (result: Result) => void): void => {
    send(items, (result) => {
      const now = performance.now();
      if (result.code !== 0 && now - said >= QUIET_MS) {
        said = now;
        notice(
          `telemetry: the collector was not sent ${what}, which are lost: ${why(result.error)}`,
        );
      }
      done(result);
    });
  };
  return exporter;
}

/** An error of an exporter may hold the address, which may hold a secret. */
function why(error: Error | undefined): string {
  const { code, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: unknown };
  const inner = (cause as { readonly code?: unknown } | undefined)?.code;
  for (const found of [code, inner]) {
    if (typeof found === "number") return `it answers with status ${found}`;
    if (typeof found === "string" && /^[A-Z_]{3,40}$/.test(found)) return found;
  }
  return "it does not answer";
}

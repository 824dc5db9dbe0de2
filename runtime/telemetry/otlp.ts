import type { Attributes as ApiAttributes, Context, Link, Span, Tracer } from "@opentelemetry/api";
import {
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { DecisionRecord } from "../proxy/governance.ts";
import type { FinishedRequest, TraceHeaders } from "../proxy/observe.ts";
import { spanAttributes, spanName } from "./attributes.ts";
import type { Carrier, Instrument, Levels, Place } from "./instrument.ts";
import { Measurements } from "./measurements.ts";
import type { Names } from "./names.ts";
import { metricExporter, spanExporter } from "./otlp-exporters.ts";
import type { OtlpSettings } from "./otlp-settings.ts";

export interface OtlpOptions {
  readonly settings: OtlpSettings;
  readonly version: string;
  readonly levels: Levels;
  readonly names: Names;
  /** What stands for a session in spans: the same as in audit records. */
  readonly session: (id: string) => string;
  readonly notice: (text: string) => void;
}

const SCOPE = "mcpp";

/**
 * Sends spans and measurements to a collector over OTLP. It is loaded only where one is named: its packages are optional
 * and take longer to load than the rest of the proxy. Nothing of it is global: what else is in the process sees none of
 * it.
 */
export class Otlp implements Instrument {
  readonly #options: OtlpOptions;
  readonly #tracer: Tracer | undefined;
  readonly #measurements: Measurements | undefined;
  readonly #shutdown: () => Promise<unknown>;

  private constructor(
    options: OtlpOptions,
    tracers: BasicTracerProvider | undefined,
    meters: MeterProvider | undefined,
  ) {
    const { version, levels, names } = options;
    this.#options = options;
    this.#tracer = tracers?.getTracer(SCOPE, version);
    const meter = meters?.getMeter(SCOPE, version);
    this.#measurements = meter === undefined ? undefined : new Measurements(meter, names, levels);
    this.#shutdown = () => Promise.allSettled([tracers?.shutdown(), meters?.shutdown()]);
  }

  /** Rejects when a package that is needed is not installed. */
  static async open(options: OtlpOptions): Promise<Otlp> {
    const { settings, notice, version } = options;
    const { traces, metrics, intervalMs, timeoutMs } = settings;
    const resource = resourceOf(version);
    const tracers =
      traces === undefined
        ? undefined
        : new BasicTracerProvider({
            resource,
            spanProcessors: [new BatchSpanProcessor(await spanExporter(traces, notice))],
          });
    const meters =
      metrics === undefined
        ? undefined
        : new MeterProvider({
            resource,
            readers: [
              new PeriodicExportingMetricReader({
                exporter: await metricExporter(metrics, notice),
                exportIntervalMillis: intervalMs,
                exportTimeoutMillis: timeoutMs,
              }),
            ],
          });
    return new Otlp(options, tracers, meters);
  }

  decided(decision: DecisionRecord, place: Place): void {
    this.#measurements?.decided(decision, place);
  }

  finished(request: FinishedRequest, place: Place): void {
    this.#measurements?.finished(request, place);
    if (this.#tracer !== undefined) this.#span(this.#tracer, request, place);
  }

  turnedAway(cause: string): void {
    this.#measurements?.turnedAway(cause);
  }

  reloaded(outcome: "taken" | "refused"): void {
    this.#measurements?.reloaded(outcome);
  }

  /** Sends what is left, and takes `ms` at most. Never rejects. */
  async end(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.#shutdown(), late]);
    clearTimeout(timer);
  }

  /** One span for what the client waited for, and in it one for what the server did. */
  #span(tracer: Tracer, request: FinishedRequest, place: Place): void {
    const { began, forwarded, ended, trace: own, httpTrace } = request;
    const { names } = this.#options;
    // Spans have the time of day, which may have been set while the request ran.
    const offset = Date.now() - performance.now();
    const name = spanName(request, names);
    // The message says whose it is; the HTTP request that carried it is another matter.
    const parent = parentOf(own ?? httpTrace);
    const links = own === undefined ? [] : linksTo(httpTrace);
    const span = tracer.startSpan(
      name,
      { kind: SpanKind.SERVER, startTime: offset + began, links },
      parent,
    );
    this.#describe(span, request, place, place.from);
    if (forwarded !== undefined) {
      const inner = tracer.startSpan(
        name,
        { kind: SpanKind.CLIENT, startTime: offset + forwarded },
        trace.setSpan(parent, span),
      );
      this.#describe(inner, request, place, place.to);
      inner.end(offset + ended);
    }
    span.end(offset + ended);
  }

  #describe(span: Span, request: FinishedRequest, place: Place, carrier: Carrier): void {
    if (!span.isRecording()) return;
    const { session } = this.#options;
    span.setAttributes(spanAttributes(request, place, carrier, session) as ApiAttributes);
    // The message of an error may hold what was sent.
    if (request.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  }
}

function parentOf(headers: TraceHeaders | undefined): Context {
  const context = headers === undefined ? undefined : spanContextOf(headers);
  return context === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, context);
}

function linksTo(headers: TraceHeaders | undefined): Link[] {
  const context = headers === undefined ? undefined : spanContextOf(headers);
  return context === undefined ? [] : [{ context }];
}

function spanContextOf({ traceparent, tracestate }: TraceHeaders): SpanContext | undefined {
  const context = parseTraceParent(traceparent);
  if (context === null) return undefined;
  const state = tracestate === undefined ? {} : { traceState: createTraceState(tracestate) };
  return { ...context, ...state, isRemote: true };
}

/** Who sends. What the environment says of that comes last, and wins. */
function resourceOf(version: string): Resource {
  const own = resourceFromAttributes({ "service.name": SCOPE, "service.version": version });
  const found = detectResources({ detectors: [serviceInstanceIdDetector, envDetector] });
  return defaultResource().merge(own).merge(found);
}

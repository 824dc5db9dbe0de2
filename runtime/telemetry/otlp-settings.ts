/** Which signals are sent where a collector is named, and how they are written. */
export interface OtlpSettings {
  readonly traces: Encoding | undefined;
  readonly metrics: Encoding | undefined;
  /** Milliseconds. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** What was asked for and is not done, sentences. */
  readonly problems: readonly string[];
}

export type Encoding = "http/protobuf" | "http/json";
type Signal = "TRACES" | "METRICS";

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 30_000;

/**
 * What the variables of the OpenTelemetry specification ask for (§ SDK environment variables, § OTLP exporter); undefined
 * where no collector is named. No value of theirs is in a sentence: addresses and headers may hold secrets.
 */
export function otlpSettings(env: NodeJS.ProcessEnv): OtlpSettings | undefined {
  if (/^true$/i.test(env.OTEL_SDK_DISABLED ?? "")) return undefined;
  const problems: string[] = [];
  const of = (signal: Signal): Encoding | undefined => encodingOf(signal, env, problems);
  const traces = of("TRACES");
  const metrics = of("METRICS");
  if (traces === undefined && metrics === undefined && problems.length === 0) return undefined;
  const intervalMs = msOf(env.OTEL_METRIC_EXPORT_INTERVAL) ?? INTERVAL_MS;
  const timeoutMs = Math.min(msOf(env.OTEL_METRIC_EXPORT_TIMEOUT) ?? TIMEOUT_MS, intervalMs);
  return { traces, metrics, intervalMs, timeoutMs, problems };
}

function encodingOf(
  signal: Signal,
  env: NodeJS.ProcessEnv,
  problems: string[],
): Encoding | undefined {
  const own = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;
  const [named, endpoint] = given(env, [own, "OTEL_EXPORTER_OTLP_ENDPOINT"]) ?? [];
  if (named === undefined || endpoint === undefined) return undefined;
  const exporters = (env[`OTEL_${signal}_EXPORTER`] ?? "otlp").split(",").map((one) => one.trim());
  if (!exporters.includes("otlp") && !exporters.includes("")) return undefined;
  const what = signal.toLowerCase();
  if (!/^https?:$/.test(URL.canParse(endpoint) ? new URL(endpoint).protocol : "")) {
    problems.push(`${named} is not an http or https URL: no ${what} are sent.`);
    return undefined;
  }
  const [variable = "", protocol = "http/protobuf"] =
    given(env, [`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, "OTEL_EXPORTER_OTLP_PROTOCOL"]) ?? [];
  if (protocol === "http/protobuf" || protocol === "http/json") return protocol;
  problems.push(
    `${variable} asks for a protocol that is not spoken here (http/protobuf and http/json are): no ${what} are sent.`,
  );
  return undefined;
}

/** The first of these variables that is set, with its value; an empty one counts as unset. */
function given(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
): readonly [string, string] | undefined {
  for (const name of names) {
    const value = env[name]?.trim() ?? "";
    if (value !== "") return [name, value];
  }
  return undefined;
}

function msOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : undefined;
}

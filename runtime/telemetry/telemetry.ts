import type { AdminRoute } from "../admin/route.ts";
import { Instruments, type Levels } from "./instrument.ts";
import { Names } from "./names.ts";
import type { Otlp } from "./otlp.ts";
import { otlpSettings } from "./otlp-settings.ts";

export interface TelemetryOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Whether metrics are served on an admin address. */
  readonly metrics: boolean;
  readonly version: string;
  readonly levels: Levels;
  /** What stands for a session in spans: the same as in audit records. */
  readonly session: (id: string) => string;
  readonly notice: (text: string) => void;
}

/** Who watches a proxy, and how that is ended. */
export interface Telemetry {
  readonly instruments: Instruments;
  /** For the admin address. */
  readonly routes: readonly AdminRoute[];
  /** Sends what is left, within a time; the second time it does nothing. Never rejects. */
  readonly end: () => Promise<void>;
}

/** How long a collector may take at the end (milliseconds). */
const END_MS = 2_000;
const QUIET_MS = 60_000;

/**
 * Sets up what is asked for: sending to a collector, where variables of the environment name one, and metrics on the
 * admin address. Loads nothing that is not. Never rejects: a proxy that cannot be watched serves all the same.
 */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { metrics, version, levels, notice } = options;
  const names = new Names();
  const otlp = await openOtlp(options, names);
  const prometheus = metrics
    ? new (await import("./prometheus.ts")).Prometheus({ version, levels, names })
    : undefined;
  const instruments = [otlp, prometheus].flatMap((one) => one ?? []);
  let ended: Promise<void> | undefined;
  let said = Number.NEGATIVE_INFINITY;
  const failed = (error: unknown): void => {
    if (performance.now() - said < QUIET_MS) return;
    said = performance.now();
    notice(`telemetry: what happened was not counted: ${error instanceof Error ? error.name : ""}`);
  };
  return {
    instruments: new Instruments(instruments, failed),
    routes:
      prometheus === undefined
        ? []
        : [
            {
              method: "GET",
              path: "/metrics",
              right: "metrics",
              answer: async () => ({ status: 200, ...(await prometheus.page()) }),
            },
          ],
    end: () => {
      ended ??= otlp?.end(END_MS) ?? Promise.resolve();
      return ended;
    },
  };
}

async function openOtlp(
  { env, version, levels, session, notice }: TelemetryOptions,
  names: Names,
): Promise<Otlp | undefined> {
  const settings = otlpSettings(env);
  if (settings === undefined) return undefined;
  for (const problem of settings.problems) notice(`telemetry: ${problem}`);
  if (settings.traces === undefined && settings.metrics === undefined) return undefined;
  try {
    const { Otlp } = await import("./otlp.ts");
    return await Otlp.open({ settings, version, levels, names, session, notice });
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    notice(
      missing
        ? "telemetry: a collector is named in the environment, and the packages of OpenTelemetry are not installed: nothing is sent; install mcpp with its optional dependencies."
        : "telemetry: a collector is named in the environment, and what it needs could not be set up: nothing is sent.",
    );
    return undefined;
  }
}

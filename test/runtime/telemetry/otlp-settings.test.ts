import { describe, expect, it } from "vitest";
import { otlpSettings } from "../../../runtime/telemetry/otlp-settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

describe("what the environment asks for", () => {
  it("is nothing without a collector, or where it is switched off", () => {
    expect(otlpSettings({})).toBeUndefined();
    expect(otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: " " })).toBeUndefined();
    expect(otlpSettings({ OTEL_TRACES_EXPORTER: "otlp" })).toBeUndefined();
    expect(otlpSettings({ ...ENDPOINT, OTEL_SDK_DISABLED: "TRUE" })).toBeUndefined();
    const none = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" };
    expect(otlpSettings({ ...ENDPOINT, ...none })).toBeUndefined();
  });

  it("is both signals, or the one that has a collector of its own", () => {
    expect(otlpSettings(ENDPOINT)).toEqual({
      traces: "http/protobuf",
      metrics: "http/protobuf",
      intervalMs: 60_000,
      timeoutMs: 30_000,
      problems: [],
    });
    const traces = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example/v1/traces" };
    expect(otlpSettings(traces)).toMatchObject({ traces: "http/protobuf", metrics: undefined });
    const metrics = { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" };
    expect(otlpSettings(metrics)).toMatchObject({ traces: undefined, metrics: "http/protobuf" });
  });

  it("may say how each is written, and how often", () => {
    const settings = otlpSettings({
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/protobuf",
      OTEL_METRIC_EXPORT_INTERVAL: "5000",
    });
    expect(settings).toMatchObject({ traces: "http/json", metrics: "http/protobuf" });
    expect(settings).toMatchObject({ intervalMs: 5_000, timeoutMs: 5_000 });
  });

  it("that is not done is said, without what stands in the variable", () => {
    const grpc = otlpSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc-secret" });
    expect(grpc).toMatchObject({ traces: undefined, metrics: "http/protobuf" });
    expect(grpc?.problems).toEqual([
      "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL asks for a protocol that is not spoken here (http/protobuf and http/json are): no traces are sent.",
    ]);
    const broken = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: "me:secret@host" });
    expect(broken?.problems).toEqual([
      "OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL: no traces are sent.",
      "OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL: no metrics are sent.",
    ]);
  });
});

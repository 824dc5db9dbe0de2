/** The upper bounds of histograms, in seconds. */

/** As the semantic conventions for MCP have them. */
export const OPERATION_SECONDS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
] as const;

/** Deciding takes microseconds, and milliseconds where a store is asked. */
export const DECISION_SECONDS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1,
] as const;

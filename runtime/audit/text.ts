import { withoutSecrets } from "./secrets.ts";

/** Characters; what a client sends may be as long as it likes. */
export const MAX = { method: 256, name: 2_048, text: 4_096 } as const;

/** Text of others as a record keeps it: no longer than `max`, and no credentials in its URLs. */
export function keptText(text: string, max: number): string {
  return bounded(withoutSecrets(text), max);
}

export function bounded(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}… (${text.length} characters)`;
}

/** ISO 8601, UTC. */
export function timeText(at: number): string {
  return new Date(at).toISOString();
}

/** Headers of clients that no setting lets pass: what clients prove themselves with is theirs and ours. */
export const NEVER_FORWARDED: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "x-api-key",
]);

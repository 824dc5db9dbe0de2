/** One run of the conformance suite. */
export interface Suite {
  /** How the suite is named on the command line and in reports. */
  name: string;
  /** The installed package that holds the suite's program. */
  package: "conformance-01" | "conformance-02";
  side: "server" | "client";
  /** Arguments that choose what runs, for each start of the program. */
  runs: readonly (readonly string[])[];
  /** Scenarios of this suite that count for nothing: optional extensions that the fixture does not serve. */
  unscored?: RegExp;
}

/** Client scenarios of version 0.1.16 that run. */
const CLIENT_01 = ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"];

/** Client scenarios that 0.2.0 requires, or runs unscored, for each revision. */
const CLIENT_02 = {
  "2025-11-25": [...CLIENT_01, "json-schema-2020-12-preservation"],
  "2026-07-28": [
    "tools_call",
    "request-metadata",
    "sep-2322-client-request-state",
    "http-standard-headers",
    "http-custom-headers",
    "http-invalid-tool-headers",
    "json-schema-ref-no-deref",
    "json-schema-2020-12-preservation",
  ],
} as const;

/**
 * Client scenarios that are left out, because they cannot pass through any proxy: the protected resource metadata
 * of their server names the server's own URL, and a client must refuse it when it speaks to another one
 * (RFC 9728, section 3.3).
 */
export const LEFT_OUT: readonly string[] = [
  "auth/2025-03-26-oauth-endpoint-fallback",
  "auth/2025-03-26-oauth-metadata-backcompat",
  "auth/authorization-server-migration",
  "auth/basic-cimd",
  "auth/client-credentials-basic",
  "auth/client-credentials-jwt",
  "auth/cross-app-access-complete-flow",
  "auth/dpop",
  "auth/dpop-nonce",
  "auth/enterprise-managed-authorization",
  "auth/iss-normalized",
  "auth/iss-not-advertised",
  "auth/iss-supported",
  "auth/iss-supported-missing",
  "auth/iss-unexpected",
  "auth/iss-wrong-issuer",
  "auth/metadata-default",
  "auth/metadata-issuer-mismatch",
  "auth/metadata-var1",
  "auth/metadata-var2",
  "auth/metadata-var3",
  "auth/offline-access-not-supported",
  "auth/offline-access-scope",
  "auth/pre-registration",
  "auth/resource-mismatch",
  "auth/scope-from-scopes-supported",
  "auth/scope-from-www-authenticate",
  "auth/scope-omitted-when-undefined",
  "auth/scope-retry-limit",
  "auth/scope-step-up",
  "auth/token-endpoint-auth-basic",
  "auth/token-endpoint-auth-none",
  "auth/token-endpoint-auth-post",
  "auth/wif-jwt-bearer",
];

const scenarios = (names: readonly string[], ...rest: string[]) =>
  names.map((name) => ["--scenario", name, ...rest]);

export const SUITES: readonly Suite[] = [
  {
    name: "server-0.1.16",
    package: "conformance-01",
    side: "server",
    runs: [["--suite", "all"]],
  },
  {
    name: "server-2025-11-25",
    package: "conformance-02",
    side: "server",
    runs: [["--requirements", "2025-11-25"]],
  },
  {
    name: "server-2026-07-28",
    package: "conformance-02",
    side: "server",
    runs: [["--requirements", "2026-07-28"]],
    unscored: /^tasks-/,
  },
  {
    name: "client-0.1.16",
    package: "conformance-01",
    side: "client",
    runs: scenarios(CLIENT_01),
  },
  ...(["2025-11-25", "2026-07-28"] as const).map(
    (revision): Suite => ({
      name: `client-${revision}`,
      package: "conformance-02",
      side: "client",
      runs: scenarios(CLIENT_02[revision], "--spec-version", revision),
    }),
  ),
];

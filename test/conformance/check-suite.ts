import { join } from "node:path";
import { bundle } from "../fixtures/build.ts";
import { startConformanceServer } from "../fixtures/conformance-server/server.ts";
import { compareResults, type Difference } from "./compare.ts";
import { type ProxyTemplate, startProxy } from "./proxy.ts";
import { failures, type Results } from "./results.ts";
import { runSuite, type Subject } from "./run-suite.ts";
import type { Suite } from "./suites.ts";

/** How a suite went directly, and through the proxy if there is one. */
export interface Outcome {
  direct: Results;
  proxied?: Results;
  /** `scenario: check` of every scored check that fails directly. */
  failed: readonly string[];
  differences: readonly Difference[];
}

/**
 * Runs a suite against the fixtures directly and through a proxy, and compares.
 *
 * @param node Path of a Node that the suite runs on.
 * @param folder Where the suite leaves its reports.
 */
export async function checkSuite(
  suite: Suite,
  node: string,
  folder: string,
  proxy: ProxyTemplate | undefined,
): Promise<Outcome> {
  const run = (how: "direct" | "proxy", subject: Subject) =>
    runSuite(suite, subject, node, join(folder, suite.name, how));
  const { direct, proxied } = await (suite.side === "server" ? runServer : runClient)(run, proxy);
  const failed = failures(direct, suite.unscored);
  if (proxied === undefined) return { direct, failed, differences: [] };
  return { direct, proxied, failed, differences: compareResults(direct, proxied) };
}

type Run = (how: "direct" | "proxy", subject: Subject) => Promise<Results>;
type Both = Promise<{ direct: Results; proxied?: Results }>;

/** The suite is the client; the fixture server is behind the proxy. */
async function runServer(run: Run, proxy: ProxyTemplate | undefined): Both {
  const server = await startConformanceServer();
  try {
    const direct = await run("direct", { url: server.url });
    if (proxy === undefined) return { direct };
    const running = await startProxy(proxy, server.url);
    try {
      return { direct, proxied: await run("proxy", { url: running.url }) };
    } finally {
      await running.stop();
    }
  } finally {
    await server.close();
  }
}

/** The suite is the server, a new one for each scenario; a launcher puts the proxy before it. */
async function runClient(run: Run, proxy: ProxyTemplate | undefined): Both {
  const client = await bundle("test/conformance/client.ts");
  const direct = await run("direct", { command: `${process.execPath} ${client}`, env: {} });
  if (proxy === undefined) return { direct };
  const launcher = await bundle("test/conformance/client-launcher.ts");
  return {
    direct,
    proxied: await run("proxy", {
      command: `${process.execPath} ${launcher} ${client}`,
      env: { CONFORMANCE_PROXY: proxy.command, CONFORMANCE_ENDPOINT: proxy.endpoint },
    }),
  };
}

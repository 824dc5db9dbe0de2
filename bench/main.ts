// `npm run bench [-- NAME…]`: runs the named benches, or all. Each prints its numbers beside its floor and its
// peers from the same run, as ratios; machines differ, ratios less so.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Bench {
  readonly what: string;
  readonly load: () => Promise<{ readonly run: () => Promise<void> }>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  engine: {
    what: "decisions beside hand-written closures and other policy engines",
    load: () => import("./engine.ts"),
  },
  audit: {
    what: "what an audit trail costs a call",
    load: () => import("./audit.ts"),
  },
  telemetry: {
    what: "what traces and metrics cost a call",
    load: () => import("./telemetry.ts"),
  },
  compile: {
    what: "2 000 rules over 250 tools, from text to JSON",
    load: () => import("./compile.ts"),
  },
  test: {
    what: "the tests of 500 rules over 250 tools",
    load: () => import("./test.ts"),
  },
  proofs: {
    what: "500 rules over 250 tools: their claims, and what differs from another policy",
    load: () => import("./proofs.ts"),
  },
  lsp: {
    what: "a language server with 2 000 rules: from a keystroke to what is shown",
    load: () => import("./lsp.ts"),
  },
  memory: {
    what: "memory over a million calls",
    load: () => import("./memory.ts"),
  },
  startup: {
    what: "the time to the first forwarded message",
    load: () => import("./startup.ts"),
  },
  http: {
    what: "calls a second and latency over Streamable HTTP",
    load: () => import("./http.ts"),
  },
  gateway: {
    what: "fifty grants under load, and one beside another that sends the worst it may",
    load: () => import("./gateway.ts"),
  },
  state: {
    what: "reservations a second in every store",
    load: () => import("./state.ts"),
  },
  stdio: {
    what: "latency that a proxy adds to a call over stdio",
    load: () => import("./stdio.ts"),
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  const names = Object.keys(BENCHES).join(", ");
  console.error(`There is no bench named ${unknown.join(", ")}; there are ${names}.`);
  process.exit(2);
}
// Nothing is counted in the home of whoever runs a bench.
const state = mkdtempSync(join(tmpdir(), "mcpp-bench-"));
process.env.XDG_STATE_HOME = state;
process.on("exit", () => rmSync(state, { recursive: true, force: true }));
for (const [name, { what, load }] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}: ${what}\n`);
  await (await load()).run();
}

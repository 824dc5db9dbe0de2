import { randomUUID } from "node:crypto";
import { openStore } from "../../../runtime/state/open.ts";
import type { Charge } from "../../../runtime/state/store.ts";
import { StateUnavailable } from "../../../runtime/state/store.ts";

// A process of its own that reserves through a shared store: SPEC CALLS CHARGES. It waits for a line on
// stdin, then prints "ok <id>" once a reservation is acknowledged, "refused <index>", at last "done".

const [spec, calls, charges] = process.argv.slice(2) as [string, string, string];
const limits = JSON.parse(charges) as Charge[];
const store = await openStore(spec);

process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));

for (let call = 0; call < Number(calls); call++) {
  const id = randomUUID();
  const result = await patiently(() => store.reserve({ id, charges: limits }));
  process.stdout.write(result.ok ? `ok ${id}\n` : `refused ${result.index}\n`);
}
await store.close();
process.stdout.write("done\n");
process.stdin.destroy();

/** Eight processes on two cores may wait longer than a call would; the same id charges nothing twice. */
async function patiently<T>(attempt: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StateUnavailable)) throw error;
    }
  }
}

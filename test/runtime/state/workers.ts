import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Charge } from "../../../runtime/state/store.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Bundles `worker.ts` so that plain Node runs it. Inside the checkout, for its packages. */
export async function bundleWorker(): Promise<{ file: string; remove(): void }> {
  const dir = mkdtempSync(join(root, "node_modules", ".state-worker-"));
  await build({
    entryPoints: [fileURLToPath(new URL("worker.ts", import.meta.url))],
    outfile: join(dir, "worker.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "warning",
  });
  return {
    file: join(dir, "worker.mjs"),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A process that reserves through a store. */
export class Worker {
  /** Ids of acknowledged reservations. */
  readonly acknowledged: string[] = [];
  /** How often the charge of an index refused. */
  readonly refused = new Map<number, number>();
  readonly ready: Promise<void>;
  /** The exit code; null when it was killed. */
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcessWithoutNullStreams;

  constructor(file: string, spec: string, calls: number, charges: readonly Charge[]) {
    this.#process = spawn(process.execPath, [file, spec, `${calls}`, JSON.stringify(charges)]);
    this.#process.stderr.pipe(process.stderr);
    this.#process.stdin.on("error", () => undefined);
    const lines = createInterface(this.#process.stdout);
    this.ready = new Promise((resolve) => {
      lines.on("line", (line) => {
        const [word, argument] = line.split(" ") as [string, string];
        if (word === "ready") resolve();
        if (word === "ok") this.acknowledged.push(argument);
        if (word === "refused") {
          const index = Number(argument);
          this.refused.set(index, (this.refused.get(index) ?? 0) + 1);
        }
      });
    });
    this.ended = new Promise((resolve) => this.#process.once("close", resolve));
  }

  go(): void {
    this.#process.stdin.write("go\n");
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}

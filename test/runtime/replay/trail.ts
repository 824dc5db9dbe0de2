import type { ArgumentMode } from "../../../runtime/audit/arguments.ts";
import type { FileLine } from "../../../runtime/audit/lines.ts";
import { AuditTrail } from "../../../runtime/audit/trail.ts";
import {
  callsInTrails,
  type DecisionRecord,
  type Grant,
  type Past,
  Seals,
} from "../../../runtime/index.ts";

export const GRANT: Grant = { id: "local", name: "local", labels: {} };

/** A trail in memory. */
export class MemoryTrail {
  readonly texts: string[] = [];
  readonly notes: string[] = [];
  readonly #trail: AuditTrail;

  constructor(mode: ArgumentMode, now: () => number) {
    this.#trail = new AuditTrail(
      {
        destination: { write: (line) => void this.texts.push(line), close: () => {} },
        arguments: mode,
        key: new Seals().auditKey,
        now,
        notice: () => {},
      },
      { chain: "c" },
    );
  }

  keep(record: DecisionRecord, grant = GRANT): void {
    void this.#trail.decided(record, grant, "shop");
  }

  end(): void {
    this.#trail.end();
  }

  /** What is in it, as `change` has it. */
  past(verify = true, change: (lines: FileLine[]) => FileLine[] = (lines) => lines): Past[] {
    const lines = this.texts.map((text) => ({
      bytes: Buffer.from(text.slice(0, -1)),
      whole: true,
    }));
    return [
      ...callsInTrails([{ path: "t.jsonl", chain: "t", segment: 1 }], {
        verify,
        note: (text) => this.notes.push(text),
        lines: () => change(lines),
      }),
    ];
  }
}

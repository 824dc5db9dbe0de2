import { describe, it } from "vitest";
import { editAtRandom } from "./random-edits.ts";

// `MCPP_EDITS` for more of them, `MCPP_SEED` for those of a run that failed.
const EDITS = Number(process.env.MCPP_EDITS ?? 100_000);
const SEED = process.env.MCPP_SEED === undefined ? undefined : Number(process.env.MCPP_SEED);

describe("random edits", () => {
  it(`${EDITS} of them, in short sequences: no error, no stale answer, and the diagnostics of a fresh start`, async () => {
    await editAtRandom({ edits: EDITS, each: 200, ...(SEED === undefined ? {} : { seed: SEED }) });
  }, 3_600_000);
});

import { describe, expect, it } from "vitest";
import { Source } from "../../language/index.ts";
import { offsetAt, positionOf } from "../../lsp/positions.ts";
import { sendable } from "./editor.ts";
import { editAtRandom } from "./random-edits.ts";

describe("places that an editor edits at", () => {
  it.each(["a\r\nb", "a\rb\nc", "\r\n\r\n", "\r\r\n", "a😀b\r\n", "\n\r", ""])(
    "in %j come through the protocol as they are",
    (text) => {
      const source = new Source("policy.mcpp", text);
      for (let offset = 0; offset <= text.length; offset++) {
        const place = sendable(text, offset);
        expect(offsetAt(source, positionOf(source, place))).toBe(place);
        expect(Buffer.from(text.slice(0, place)).toString()).toBe(text.slice(0, place));
      }
    },
  );
});

const EDITS = 10_000;
const SEED = 20_261_127;

describe("random edits", () => {
  // The same ones at every run; `npm run soak` makes new ones.
  it(`${EDITS} of them (seed ${SEED}), with questions in between: no error, no stale answer, and the diagnostics of a fresh start`, async () => {
    await editAtRandom({ edits: EDITS, each: 2_000, seed: SEED });
  }, 300_000);
});

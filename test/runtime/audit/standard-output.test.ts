import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Chain } from "../../../runtime/audit/chain.ts";
import { AuditUnavailable } from "../../../runtime/audit/files.ts";
import { StandardOutput } from "../../../runtime/audit/standard-output.ts";
import { Verifier } from "../../../runtime/audit/verify.ts";

/** A pipe with room for so many bytes, whose reader reads now and then. */
function pipe(room: { bytes: number }): {
  read: Buffer[];
  write: (b: Buffer, at: number) => number;
} {
  const read: Buffer[] = [];
  return {
    read,
    write: (bytes, offset) => {
      if (room.bytes === 0) throw Object.assign(new Error("EAGAIN"), { code: "EAGAIN" });
      const part = Buffer.from(bytes.subarray(offset, offset + room.bytes));
      read.push(part);
      room.bytes -= part.length;
      return part.length;
    },
  };
}

describe("a reader that does not read", () => {
  it("gets a sound chain, and nobody relies on what it has not got whole", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(700), { minLength: 1, maxLength: 12 }), (rooms) => {
        const room = { bytes: 0 };
        const { read, write } = pipe(room);
        const chain = new Chain(new StandardOutput(write, -1));
        const relied: number[] = [];
        const append = (index: number): void => {
          void chain.append({ time: "t", type: "decision", index });
          relied.push(index);
        };
        for (const [index, bytes] of rooms.entries()) {
          room.bytes = bytes;
          try {
            append(index);
          } catch (error) {
            expect(error).toBeInstanceOf(AuditUnavailable);
          }
          const got = Buffer.concat(read).toString();
          for (const one of relied) expect(got).toContain(`"index":${one},`);
        }
        room.bytes = 100_000;
        append(rooms.length);
        const verifier = new Verifier();
        verifier.follow("stdout", Buffer.concat(read));
        expect(verifier.faults).toEqual([]);
        expect(verifier.length).toBe(chain.length);
      }),
      { numRuns: 300 },
    );
  });

  it("that has gone is an error", () => {
    const gone = (): number => {
      throw Object.assign(new Error("EPIPE: broken pipe"), { code: "EPIPE" });
    };
    const chain = new Chain(new StandardOutput(gone));
    expect(() => chain.append({ time: "t", type: "start" })).toThrow(/stdout: EPIPE/);
  });
});

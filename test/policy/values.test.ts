import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compileGlob,
  compileRegex,
  isGlob,
  isWellFormed,
  isZone,
  minutesOfDay,
  parsePath,
  pathProblem,
  pointer,
  printPath,
  startOfDay,
  toMicro,
  toPathJson,
} from "../../policy/index.ts";

describe("globs", () => {
  it.each([
    ["list_*", "list_charges", true],
    ["list_*", "list_", true],
    ["list_*", "a_list_b", false],
    ["*", "", true],
    ["*_all", "delete_all", true],
    ["*_all", "delete_all_", false],
    ["a?c", "abc", true],
    ["a?c", "a😀c", true],
    ["a?c", "ac", false],
    ["a**b", "ab", true],
    ["*a*b*", "xxaxxbxx", true],
    ["a.c", "abc", false],
    ["a.*", "a.b", true],
    ["[ab]", "a", false],
    ["A*", "abc", false],
    ["file:///srv/*", "file:///srv/a/b", true],
  ])("%s matches %s: %s", (glob, name, expected) => {
    expect(compileGlob(glob)(name)).toBe(expected);
  });

  it("agree with the equivalent regular expression", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "."), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 10 });
    fc.assert(
      fc.property(text, name, (glob, candidate) => {
        const pattern = [...glob]
          .map((one) => (one === "*" ? ".*" : one === "?" ? "." : one === "." ? "\\." : one))
          .join("");
        expect(compileGlob(glob)(candidate)).toBe(
          new RegExp(`^(?:${pattern})$`, "s").test(candidate),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("take no exponential time", () => {
    const glob = compileGlob(`${"a*".repeat(40)}b`);
    expect(glob("a".repeat(4000))).toBe(false);
  });

  it("are told from names", () => {
    expect(["a*", "a?", "a", "[a]", ""].map(isGlob)).toEqual([true, true, false, false, false]);
  });
});

describe("paths", () => {
  it.each([
    ["args.a.b", ["args", "a", "b"], "args.a.b"],
    [["args", 0], ["args", 0], "args[0]"],
    [["args", "0"], ["args", "0"], 'args["0"]'],
    [["args", "a.b", ""], ["args", "a.b", ""], 'args["a.b"][""]'],
    ["args.a b", ["args", "a b"], 'args["a b"]'],
  ] as const)("%j has steps %j and is written %s", (path, steps, text) => {
    expect(parsePath(path)).toEqual(steps);
    expect(toPathJson(steps)).toEqual(path);
    expect(printPath(path)).toBe(text);
    expect(pathProblem(path)).toBeUndefined();
  });

  it("of any steps survive the way to JSON and back", () => {
    const step = fc.oneof(fc.string(), fc.nat());
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), (rest) => {
        const steps = ["args", ...rest];
        const path = toPathJson(steps);
        expect(parsePath(path)).toEqual(steps);
        expect(pathProblem(path)).toBeUndefined();
      }),
    );
  });

  it("are escaped in pointers", () => {
    expect(pointer("tools", "a/b~c", "require", 0)).toBe("/tools/a~1b~0c/require/0");
    expect(pointer()).toBe("");
  });
});

describe("micro-units", () => {
  it.each([
    [0, 0],
    [-0, 0],
    [1, 1_000_000],
    [1.005, 1_005_000],
    [0.1 + 0.2, "must have at most six decimal places"],
    [0.000001, 1],
    [1e-7, "must have at most six decimal places"],
    [5e-324, "must have at most six decimal places"],
    [0.29, 290_000],
    [1.1, 1_100_000],
    [4.35, 4_350_000],
    [9_007_199_254, 9_007_199_254_000_000],
    [9_007_199_255, "must be at most 9007199254.740991"],
    [1e21, "must be at most 9007199254.740991"],
    [1.7976931348623157e308, "must be at most 9007199254.740991"],
    [-1, "must not be negative"],
    [-1e-9, "must not be negative"],
    [Number.NaN, "must be a finite number"],
    [Number.POSITIVE_INFINITY, "must be a finite number"],
    [Number.NEGATIVE_INFINITY, "must be a finite number"],
  ])("of %s are %s", (value, micro) => {
    expect(toMicro(value)).toBe(micro);
  });

  it("of every amount of micro-units are that amount", () => {
    fc.assert(
      fc.property(fc.nat({ max: 9_000_000_000_000 }), (micro) => {
        const digits = String(micro).padStart(7, "0");
        expect(toMicro(Number(`${digits.slice(0, -6)}.${digits.slice(-6)}`))).toBe(micro);
      }),
      { numRuns: 500 },
    );
  });

  it("of any number are exact or refused", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (value) => {
        const micro = toMicro(value);
        if (typeof micro === "string") return;
        expect(Number.isSafeInteger(micro)).toBe(true);
        const digits = String(micro).padStart(7, "0");
        expect(Number(`${digits.slice(0, -6)}.${digits.slice(-6)}`)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });
});

describe("dates and zones", () => {
  it.each([
    ["2026-12-31", Date.UTC(2026, 11, 31)],
    ["2024-02-29", Date.UTC(2024, 1, 29)],
    ["2026-02-29", undefined],
    ["2026-13-01", undefined],
    ["2026-1-1", undefined],
    ["2026-12-31T00:00", undefined],
  ])("%s begins at %s", (date, time) => {
    expect(startOfDay(date)).toBe(time);
  });

  it.each([
    ["00:00", 0],
    ["08:30", 510],
    ["24:00", 1440],
    ["24:01", undefined],
    ["12:60", undefined],
    ["8:00", undefined],
  ])("%s is minute %s", (time, minute) => {
    expect(minutesOfDay(time)).toBe(minute);
  });

  it.each([
    ["Europe/Berlin", true],
    ["UTC", true],
    ["America/Argentina/Buenos_Aires", true],
    ["Etc/GMT+3", true],
    ["Europe/Nowhere", false],
    ["+01:00", false],
    ["", false],
  ])("%s is a zone: %s", (zone, expected) => {
    expect(isZone(zone)).toBe(expected);
  });
});

describe("regular expressions", () => {
  it.each(["a+", "(?i)a", "\\p{L}", "(?P<n>a)", "[[:alpha:]]", "(?s:.)"])("%s is RE2", (source) => {
    expect(compileRegex(source)).toHaveProperty("source", source);
  });

  it.each(["(?=a)", "(?<=a)b", "(?<!a)b", "(a)\\1", "a++", "(", "a{1001}", "(a{500}){500}"])(
    "%s is not",
    (source) => {
      expect(typeof compileRegex(source)).toBe("string");
    },
  );

  it.each([
    ["^(a+)+$", `${"a".repeat(50_000)}!`],
    ["^(a|a)*$", `${"a".repeat(50_000)}!`],
    ["^(a|aa)+$", `${"a".repeat(50_000)}!`],
    ["^a*a*a*a*a*$", `${"a".repeat(50_000)}!`],
  ])("%s does not explode", (source, text) => {
    const regex = compileRegex(source);
    expect(typeof regex === "string" || regex.test(text)).toBe(false);
  });
});

it("half a surrogate pair is not well-formed", () => {
  expect(["", "a", "😀", "\ud83d", "\ude00", "a\ud83db", "\ude00\ud83d"].map(isWellFormed)).toEqual(
    [true, true, true, false, false, false, false],
  );
});

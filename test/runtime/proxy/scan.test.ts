import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../policy/index.ts";
import { Scan, scan } from "../../../runtime/proxy/scan.ts";
import { write } from "../../../runtime/proxy/write.ts";

function accepted(text: string) {
  const result = scan(text);
  if (!result.ok) throw new Error(`${text} is refused: ${result.message}`);
  return result;
}

function rewritten(text: string): string {
  const { value, numbers } = accepted(text);
  return write(value, numbers);
}

describe("what is JSON", () => {
  it("reads as JSON.parse does, and writes back equal", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        // Objects without a prototype are compared by their text.
        expect(JSON.stringify(accepted(text).value)).toBe(JSON.stringify(JSON.parse(text)));
        expect(JSON.parse(rewritten(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it("is exactly what JSON.parse takes", () => {
    const pieces = fc.constantFrom(
      ...'{}[],:"\\ \n\t'.split(""),
      ...["tru", "true", "null", "-", "0", "1", "01", ".5", "e", "E+", "1e3", "NaN", "Infinity"],
      ...["\\u00", "\\u0041", "\\x", "'", "//", "/**/", "\u0000", "\ufeff", "a", '"a":'],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        const result = scan(text);
        const valid = result.ok || result.reason === "duplicate" || result.reason === "number";
        expect(valid).toBe(parses);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    "",
    " ",
    "NaN",
    "0x10",
    "01",
    "[1,]",
    '{"a":1,}',
    "{} {}",
    '{"a":1}\u0000',
    "\ufeff{}",
    "'a'",
    '"\u0001"',
    '"\\u12"',
    "[",
    '{"a"',
    '"a',
    "tru",
    "-",
    "1.",
    "1e",
    "/**/{}",
  ])("%j is refused", (text) => {
    expect(scan(text)).toMatchObject({ ok: false, reason: "syntax" });
  });
});

describe("keys", () => {
  it.each([
    ['{"a":1,"a":2}', "`a`"],
    ['{"amount":1,"am\\u006funt":2}', "`amount`"],
    ['{"x":{"y":[{"b":1,"c":2,"b":3}]}}', "`b`"],
    ['{"__proto__":1,"__proto__":2}', "`__proto__`"],
    ['{"":1,"":2}', "``"],
  ])("twice: %s", (text, key) => {
    expect(scan(text)).toMatchObject({
      ok: false,
      reason: "duplicate",
      message: `the key ${key} stands twice`,
    });
  });

  it("of the prototype are keys like any other", () => {
    const { value } = accepted('{"__proto__":{"amount":1},"constructor":2,"toString":3}');
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor", "toString"]);
    expect((value as Record<string, Json>).amount).toBeUndefined();
    expect(rewritten('{"__proto__":{"amount":1}}')).toBe('{"__proto__":{"amount":1}}');
  });
});

describe("numbers", () => {
  it.each([
    ["1.0"],
    ["-0"],
    ["1E5"],
    ["12345678901234567890"],
    ["0.1000000000000000055511151231257827"],
    ["50000.0000000000001"],
    ["1e-400"],
    ["[1.0,2,3.50]"],
    ['{"a":{"b":[9007199254740993,1.10]},"c":1e22}'],
  ])("%s is written as it came", (text) => {
    expect(rewritten(text === "1.0" || /^[-\d]/.test(text) ? `[${text}]` : text)).toBe(
      /^[-\d]/.test(text) ? `[${text}]` : text,
    );
  });

  it("keep their text, whatever it is", () => {
    const number = fc
      .tuple(
        fc.constantFrom("", "-"),
        fc.bigInt({ min: 0n, max: 10n ** 25n }),
        fc.option(fc.stringMatching(/^[0-9]{1,25}$/)),
        fc.option(fc.integer({ min: -250, max: 250 })),
      )
      .map(
        ([sign, whole, fraction, exponent]) =>
          `${sign}${whole}${fraction === null ? "" : `.${fraction}`}${exponent === null ? "" : `e${exponent}`}`,
      );
    fc.assert(
      fc.property(fc.array(number), number, (list, one) => {
        const text = `{"list":[${list.join(",")}],"one":${one}}`;
        expect(rewritten(text)).toBe(text);
      }),
    );
  });

  it.each(["1e400", "-1e400", "[1e999]", '{"a":1e400}'])("%s is refused", (text) => {
    expect(scan(text)).toMatchObject({ ok: false, reason: "number" });
  });
});

describe("bounds", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  it("64 levels pass, 65 do not", () => {
    expect(scan(nested(64)).ok).toBe(true);
    expect(scan(nested(65))).toMatchObject({ ok: false, reason: "limit" });
    expect(scan('{"a":'.repeat(65))).toMatchObject({ ok: false, reason: "limit" });
  });

  it("a million levels cost nothing", () => {
    expect(scan("[".repeat(1_000_000))).toMatchObject({ ok: false, reason: "limit" });
  });

  it("20 000 values pass, one more does not", () => {
    const list = (values: number): string =>
      `[${Array(values - 1)
        .fill("0")
        .join(",")}]`;
    expect(scan(list(20_000)).ok).toBe(true);
    expect(scan(list(20_001))).toMatchObject({ ok: false, reason: "limit" });
  });
});

describe("in slices", () => {
  const pieces = fc.constantFrom(
    ...'{}[],:" \n'.split(""),
    ...[
      "true",
      "null",
      "1",
      "1.0",
      "1e999",
      '"a"',
      '"a":',
      '{"a":1,"a":2}',
      "[[],{}]",
      '"\\u0041"',
    ],
  );
  const texts = fc.oneof(
    fc.json({ maxDepth: 6 }),
    fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
  );

  it("reads whatever it reads at once, wherever it is cut", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(40), { minLength: 1 }), (text, cuts) => {
        const limits = { depth: 4, values: 12 };
        const reading = new Scan(text, limits);
        let sliced: ReturnType<typeof reading.upTo>;
        let end = 0;
        for (let step = 0; sliced === undefined; step++) {
          end += 1 + (cuts[step % cuts.length] ?? 0);
          sliced = reading.upTo(end);
        }
        expect(sliced).toEqual(scan(text, limits));
      }),
      { numRuns: 3_000 },
    );
  });

  it("stops after the value in which a slice ends", () => {
    const text = JSON.stringify(Array.from({ length: 1_000 }, (_, i) => i));
    const reading = new Scan(text);
    let slices = 1;
    for (let end = 100; reading.upTo(end) === undefined; end += 100) slices++;
    expect(slices).toBe(Math.ceil(text.length / 100));
  });
});

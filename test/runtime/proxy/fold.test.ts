import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { confusableKey, foldedNames, foldKey, foldName } from "../../../runtime/proxy/fold.ts";

describe("foldName", () => {
  it.each([
    ["Tools/Call", "tools/call"],
    [" tools/call\t", "tools/call"],
    ["tools/call\u00a0", "tools/call"],
    ["ｔools／call", "tools/call"],
    ["tools/ca\u200bll", "tools/call"],
    ["tools/call\u00ad", "tools/call"],
    ["\u2060\ufefftools/call", "tools/call"],
    ["tools/ca\u{e0001}ll", "tools/call"],
    ["toolſ/call", "tools/call"],
    ["tool\u017f/call", "tools/call"],
    ["p\u0131ng", "ping"],
    ["\u212aey", "key"],
    ["stra\u00dfe", "strasse"],
    ["e\u0301cho", "écho"],
    ["ﬁles", "files"],
    ["\u{1d5fd}ay", "pay"],
  ])("%j is taken for %j", (name, plain) => {
    expect(foldName(name)).toBe(foldName(plain));
  });

  it.each([
    ["tools/call", "tools/cal"],
    ["tools/call", "tools.call"],
    ["get_item", "get-item"],
    ["get_item", "getitem"],
    ["a b", "ab"],
    // A Cyrillic letter looks alike, but no folding of text makes one of the other.
    ["p\u0430y", "pay"],
  ])("%j is not taken for %j", (one, other) => {
    expect(foldName(one)).not.toBe(foldName(other));
  });

  const name = fc.string({ unit: "grapheme", maxLength: 12 });

  it("is the same for every way to write a name", () => {
    fc.assert(
      fc.property(
        name,
        fc.nat(),
        fc.constantFrom("\u200b", "\u200d", "\u00ad", "\ufeff", "\u2060"),
        (text, at, unseen) => {
          // Before an unseen character two parts may not be joined that it keeps apart.
          fc.pre(text === text.normalize("NFKC"));
          const cut = [...text];
          cut.splice(at % (cut.length + 1), 0, unseen);
          fc.pre(cut.join("").normalize("NFKC").replace(unseen, "") === text);
          const folded = foldName(text);
          expect(foldName(cut.join(""))).toBe(folded);
          expect(foldName(` ${text}\n`)).toBe(folded);
        },
      ),
    );
  });

  it("does not see case", () => {
    fc.assert(
      fc.property(name, (text) => {
        fc.pre(text === text.normalize("NFKC"));
        expect(foldName(text.toUpperCase())).toBe(foldName(text));
      }),
    );
  });

  it("leaves nothing to fold", () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(foldName(foldName(text))).toBe(foldName(text));
      }),
    );
  });

  it("is quick for plain names, with the same answer", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9/.]*$/), (text) => {
        expect(foldName(text)).toBe(text);
        expect(foldName(` ${text}`)).toBe(text);
      }),
    );
  });
});

describe("confusableKey", () => {
  const names = foldedNames(["user_id", "amount"]);

  it.each([
    ["userId", "user_id"],
    ["USER-ID", "user_id"],
    ["user__id", "user_id"],
    ["Amount", "amount"],
    ["amount ", "amount"],
    ["_amount", "amount"],
    ["ａmount", "amount"],
  ])("%j could be taken for %j", (key, name) => {
    expect(confusableKey(["x", key], names)).toEqual({ key, name });
    expect(foldKey(key)).toBe(foldKey(name));
  });

  it("lets the names themselves pass, and others", () => {
    expect(
      confusableKey(["user_id", "amount", "id", "amounts", "\u0430mount"], names),
    ).toBeUndefined();
    expect(confusableKey([], names)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { ambiguity, readsOf } from "../../../runtime/proxy/reads.ts";
import { scan } from "../../../runtime/proxy/scan.ts";

type Path = readonly (string | number)[];

/** What is ambiguous in arguments of which a policy reads these paths. */
function found(paths: readonly Path[], text: string, everyNumber = false): string | undefined {
  const scanned = scan(text);
  if (!scanned.ok) throw new Error(scanned.message);
  return ambiguity(scanned.value, scanned.numbers, readsOf(paths, everyNumber));
}

describe("keys that the policy names", () => {
  it.each<[readonly Path[], string, string]>([
    [[["amount"]], '{"Amount":1}', "amount"],
    [[["amount"]], '{"amount":1,"AMOUNT":2}', "amount"],
    [[["user_id"]], '{"userId":"a"}', "user_id"],
    [[["a", "b"]], '{"A":{"b":1}}', "a"],
    [[["a", "b"]], '{"a":{"B":1}}', "b"],
    [[["list", 0, "id"]], '{"list":[{"x":1},{"ID":1}]}', "id"],
    [[["list", "*", "id"]], '{"list":[{"x":1},{"ID":1}]}', "id"],
    [[["a"], ["b"]], '{"a":1,"b":2,"B":3}', "b"],
    // A key may be `*`: of an object its member of that name is meant too.
    [[["o", "*", "id"]], '{"o":{"*":{"Id":1}}}', "id"],
  ])("%j of %s: a look-alike is refused", (paths, text, name) => {
    expect(found(paths, text)).toMatch(new RegExp(`^the key ".*" could be taken for \`${name}\``));
  });

  it.each<[readonly Path[], string]>([
    [[["amount"]], '{"amount":1,"other":2}'],
    [[["a", "b"]], '{"a":{"b":1},"c":{"B":1}}'],
    // Where the policy reads nothing, keys are free.
    [[["a", "b"]], '{"a":{"b":{"X":1,"x":2}}}'],
    [[], '{"Amount":1,"amount":2}'],
    [[["list", 0, "id"]], '{"list":{"ID":1}}'],
    [[["a", "b"]], '{"a":"B"}'],
    [[["a", "b"]], '{"a":null}'],
  ])("%j of %s: nothing is ambiguous", (paths, text) => {
    expect(found(paths, text)).toBeUndefined();
  });
});

describe("numbers that the policy reads", () => {
  const REFUSED = /^the number .* has more digits than every receiver keeps/;

  it.each([
    ["9007199254740992", true],
    ["-9007199254740992", true],
    ["9007199254740991", false],
    ["12345678901234567", true],
    ["0.12345678901234567", false],
    ["0.123456789012345678", true],
    ["1.23456789012345678", true],
    ["0.00000000000000000000001", false],
    ["1.000000000000000000", true],
    ["1e22", true],
    ["1e15", false],
    ["123456789012345678e-17", true],
  ])("%s: refused is %s", (number, refused) => {
    const problem = found([["n"]], `{"n":${number}}`);
    if (refused) expect(problem).toMatch(REFUSED);
    else expect(problem).toBeUndefined();
  });

  const LONG = "9007199254740993";

  it.each<[string, readonly Path[], string, boolean]>([
    ["elsewhere they are kept", [["n"]], `{"n":1,"m":${LONG}}`, false],
    ["with their parent", [["o"]], `{"o":{"m":${LONG}}}`, true],
    ["below what is read, deeper", [["o"]], `{"o":{"p":{"m":${LONG}}}}`, false],
    ["beside what is read in it", [["o", "n"]], `{"o":{"n":1,"m":${LONG}}}`, false],
    ["in a list that is read", [["l"]], `{"l":[1,${LONG}]}`, true],
    ["as any element", [["l", 3]], `{"l":[${LONG}]}`, true],
    ["in each element", [["l", "*", "n"]], `{"l":[{"n":1},{"n":${LONG}}]}`, true],
    ["the arguments as a whole", [[]], `{"m":${LONG}}`, true],
    ["in text", [["n"]], `{"n":"${LONG}"}`, false],
  ])("%s", (_, paths, text, refused) => {
    const problem = found(paths, text);
    if (refused) expect(problem).toMatch(REFUSED);
    else expect(problem).toBeUndefined();
  });

  it("are all numbers where a schema is checked", () => {
    expect(found([], `{"a":[{"b":${LONG}}]}`, true)).toMatch(REFUSED);
    expect(found([], `{"a":[{"b":1.5}]}`, true)).toBeUndefined();
  });
});

import fc from "fast-check";
import type { Policy } from "../../../policy/index.ts";

// Messages as attackers write them: near to what is permitted, in every direction.

/** What `judge-apart.ts` knows by heart. */
export const FUZZ_POLICY: Policy = {
  version: "1",
  default: "deny",
  tools: {
    echo: { deny_if: [{ conditions: [{ path: "args.amount", op: "gt", value: 100 }] }] },
  },
};

const id = fc.constantFrom(
  "1",
  "2",
  "3",
  '"a"',
  '"b"',
  "1",
  '"1"',
  "0",
  "-7",
  "1.0",
  "1e0",
  "null",
  "9007199254740993",
  '"x"',
);
const amount = fc.constantFrom(
  "1",
  "100",
  "101",
  "1e2",
  "1e3",
  "1e400",
  '"1"',
  "null",
  "[1]",
  "-0",
);
const key = fc.constantFrom(
  "amount",
  "Amount",
  "AMOUNT",
  "a-mount",
  "\\u0061mount",
  "ａmount",
  "x",
);
const args = fc
  .array(fc.tuple(key, amount), { maxLength: 3 })
  .map((pairs) => `{${pairs.map(([name, value]) => `"${name}":${value}`).join(",")}}`);
const tool = fc.constantFrom("echo", "echo", "echo", "Echo", "rm", "ｅcho", "echo ");
const call = fc
  .tuple(
    id,
    tool,
    fc.constantFrom("arguments", "arguments", "arguments", "arguments", "Arguments", "argument_s"),
    fc.oneof({ weight: 5, arbitrary: args }, fc.constantFrom("null", "[]", '"x"')),
    fc.constantFrom("name", "name", "name", "name", "Name", "n_ame", "\\u006eame"),
  )
  .map(
    ([i, name, list, a, field]) =>
      `{"jsonrpc":"2.0","id":${i},"method":"tools/call","params":{"${field}":"${name}","${list}":${a}}}`,
  );
const other = fc
  .tuple(id, fc.constantFrom("ping", "tools/list", "tools/run", "acme/x", "Ping", "ping "))
  .map(([i, method]) => `{"jsonrpc":"2.0","id":${i},"method":"${method}"}`);
const base = fc.oneof(
  { weight: 6, arbitrary: call },
  { weight: 2, arbitrary: other },
  fc.constantFrom(
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"method":"ping","id":4,"jsonrpc":"2.0","params":null}',
    '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
  ),
);

type Mutation = (text: string, at: number) => string;
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Mutation>((text) => text) },
  fc.constant<Mutation>((text, at) => text.slice(0, at) + text.slice(at + 1)),
  fc.constant<Mutation>((text, at) => text.slice(0, at) + text.charAt(at) + text.slice(at)),
  fc.constant<Mutation>((text, at) => {
    const unit = text.charAt(at);
    const flipped = unit === unit.toUpperCase() ? unit.toLowerCase() : unit.toUpperCase();
    return text.slice(0, at) + flipped + text.slice(at + 1);
  }),
  fc
    .constantFrom(
      ...[
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\u0000",
        "\ufeff",
      ],
      ...["null", "1", '"method":"ping",', '"id":2,', '"name":"rm",', '"amount":1,', "\\u0061"],
      ...['"METHOD":"tools/call",', '"result":{},', '"_meta":{},', '"_meta":1,', '"meta":{},'],
    )
    .map<Mutation>((insert) => (text, at) => text.slice(0, at) + insert + text.slice(at)),
  fc.nat({ max: 40 }).map<Mutation>((length) => (text, at) => {
    const cut = text.slice(at, at + length);
    return text.slice(0, at) + cut + cut + text.slice(at + length);
  }),
);
/** One message, mutated up to twice. */
export const mutated = fc
  .tuple(base, fc.array(fc.tuple(mutation, fc.nat()), { maxLength: 2 }))
  .map(([text, mutations]) =>
    mutations.reduce((now, [mutate, at]) => mutate(now, at % (now.length + 1)), text),
  );

/** What a client may write: mutated messages run together, now and then with a byte that is no UTF-8. */
export const wire: fc.Arbitrary<Buffer> = fc
  .array(fc.tuple(mutated, fc.constantFrom("\n", "\n", "\r\n", "", " ", "\n\n")), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((parts) => {
    const bytes = Buffer.from(parts.map(([text, end]) => text + end).join(""));
    return fc.oneof(
      { weight: 9, arbitrary: fc.constant(bytes) },
      fc
        .tuple(fc.nat({ max: bytes.length }), fc.integer({ min: 0x80, max: 0xff }))
        .map(([at, byte]) =>
          Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]),
        ),
    );
  });

/** The lines that a proxy must read in these bytes. */
export function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from <= bytes.length; ) {
    const end = bytes.indexOf(10, from);
    const line = bytes.subarray(from, end === -1 ? bytes.length : end);
    lines.push(line.at(-1) === 13 ? line.subarray(0, -1) : line);
    from = end === -1 ? bytes.length + 1 : end + 1;
  }
  return lines;
}

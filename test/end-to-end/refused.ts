// Messages that are refused before any policy is asked, whatever carries them.

/** Under it the refused messages would do harm: the limit is one call a day. */
export const REFUSAL_POLICY = {
  version: "1",
  default: "deny",
  tools: {
    echo: {
      require: [{ conditions: [{ path: "args.user_id", op: "neq", value: "root" }] }],
      limits: [{ counter: "echo_rate", window: "day", max: 1, scope: "grant" }],
    },
    add: {},
  },
};

const call = (params: string, id = "7"): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`;
const echo = (args: string): string => call(`{"name":"echo","arguments":${args}}`);
const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

/** Text or bytes of a line, the code of the answer, and whether the answer can name the id 7. */
export const REFUSED: readonly [
  name: string,
  line: string | Buffer,
  code: number,
  named: boolean,
][] = [
  ["a batch", `[${echo('{"user_id":"a"}')}]`, -32600, false],
  ["an empty batch", "[]", -32600, false],
  ["a value that is no object", '"tools/call"', -32600, false],
  ["text that is not JSON", "hello", -32700, false],
  ["two messages in one line", echo("{}") + echo("{}"), -32700, true],
  ["a comma at the end", `${echo("{}").slice(0, -1)},}`, -32700, true],
  ["NaN", echo('{"user_id":NaN}'), -32700, true],
  ["a BOM", `\ufeff${echo('{"user_id":"a"}')}`, -32700, false],
  ["UTF-16", Buffer.from(echo('{"user_id":"a"}'), "utf16le"), -32700, false],
  [
    "bytes that are not UTF-8",
    Buffer.concat([Buffer.from(echo("{}")), Buffer.of(0xff)]),
    -32700,
    false,
  ],
  ["65 levels", echo(deep(63)), -32600, true],
  ["a million levels", `{"jsonrpc":"2.0","id":7,"method":${"[".repeat(1_000_000)}`, -32600, true],
  ["20 001 values", echo(`{"a":[${"0,".repeat(20_000)}0]}`), -32600, true],
  ["4 MiB and a byte", echo(`{"user_id":"${"x".repeat(4 * 1024 * 1024)}"}`), -32600, true],
  [
    "a method that stands twice",
    '{"jsonrpc":"2.0","id":7,"method":"tools/call","method":"ping"}',
    -32600,
    true,
  ],
  ["a name that stands twice", call('{"name":"echo","name":"add"}'), -32600, true],
  ["an argument that stands twice", echo('{"user_id":"a","user_id":"root"}'), -32600, true],
  [
    "an argument that stands twice, escaped",
    echo('{"user_id":"a","user_\\u0069d":"root"}'),
    -32600,
    true,
  ],
  ["a repeated key deep inside", echo('{"x":[{"y":{"z":1,"z":2}}]}'), -32600, true],
  [
    "`Method` beside `method`",
    '{"jsonrpc":"2.0","id":7,"method":"ping","Method":"tools/call"}',
    -32600,
    true,
  ],
  [
    "`PARAMS` beside `params`",
    `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add"},"PARAMS":{"name":"rm"}}`,
    -32600,
    true,
  ],
  ["`Name` beside `name`", call('{"name":"add","Name":"rm"}'), -32600, true],
  ["`ARGUMENTS`", call('{"name":"echo","ARGUMENTS":{"user_id":"root"}}'), -32600, true],
  ["a full-width `name`", call('{"name":"add","\uff4eame":"rm"}'), -32600, true],
  ["an argument by another case", echo('{"user_id":"a","User_ID":"root"}'), -32602, true],
  ["an argument without its `_`", echo('{"userId":"root"}'), -32602, true],
  ["an argument with `-`", echo('{"user-id":"root"}'), -32602, true],
  ["an argument in full width", echo('{"user_id":"a","\uff55ser_id":"root"}'), -32602, true],
  ["an argument with a long s", echo('{"u\u017fer_id":"root"}'), -32602, true],
  ["an infinite number", echo('{"user_id":1e400}'), -32600, true],
  ["an integer beyond 2^53", echo('{"user_id":9007199254740993}'), -32602, true],
  ["a number of 18 digits", echo('{"user_id":0.123456789012345678}'), -32602, true],
  ["arguments that are null", call('{"name":"echo","arguments":null}'), -32602, true],
  ["arguments that are a list", call('{"name":"echo","arguments":[]}'), -32602, true],
  ["arguments that are text", call('{"name":"echo","arguments":"{}"}'), -32602, true],
  ["no name", call('{"arguments":{}}'), -32602, true],
  ["no params", '{"jsonrpc":"2.0","id":7,"method":"tools/call"}', -32602, true],
  ["params that are null", call("null"), -32602, true],
  ["params that are a list", call('["echo"]'), -32600, true],
  ["a name that is a list", call('{"name":["echo"]}'), -32602, true],
  ["a name that is not in NFC", call('{"name":"e\u0301cho"}'), -32602, true],
  ["a name with half a character", call('{"name":"echo\\ud800"}'), -32602, true],
  ["`_meta` that is text", call('{"name":"echo","_meta":"x"}'), -32600, true],
  ["no version", '{"id":7,"method":"ping"}', -32600, true],
  ["another version", '{"jsonrpc":"1.0","id":7,"method":"ping"}', -32600, true],
  ["an id that is null", call('{"name":"add"}', "null"), -32600, false],
  ["an id that is a fraction", call('{"name":"add"}', "1.5"), -32600, false],
  ["an id that is written as 7.0", call('{"name":"add"}', "7.0"), -32600, true],
  ["an id that is a list", call('{"name":"add"}', "[1]"), -32600, false],
  ["an id beyond 2^53", call('{"name":"add"}', "9007199254740993"), -32600, false],
  ["a method that is a list", '{"jsonrpc":"2.0","id":7,"method":["tools/call"]}', -32600, true],
  ["a method and a result", '{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}', -32600, true],
  [
    "`Tools/Call`",
    '{"jsonrpc":"2.0","id":7,"method":"Tools/Call","params":{"name":"add"}}',
    -32600,
    true,
  ],
  [
    "a method with a space",
    '{"jsonrpc":"2.0","id":7,"method":"tools/call ","params":{"name":"add"}}',
    -32600,
    true,
  ],
  [
    "a full-width method",
    '{"jsonrpc":"2.0","id":7,"method":"\uff54ools/call","params":{"name":"add"}}',
    -32600,
    true,
  ],
  [
    "an unknown method of tools",
    '{"jsonrpc":"2.0","id":7,"method":"tools/run","params":{"name":"add"}}',
    -32600,
    true,
  ],
  [
    "a notification as a request",
    '{"jsonrpc":"2.0","id":7,"method":"notifications/initialized"}',
    -32600,
    true,
  ],
];

/** Refused without an answer: none may be given. */
export const DROPPED: readonly [name: string, line: string][] = [
  ["a call without an id", '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"add"}}'],
  ["an answer that nobody asked for", '{"jsonrpc":"2.0","id":7,"result":{}}'],
  ["an unknown notification", '{"jsonrpc":"2.0","method":"notifications/other"}'],
  [
    "`Tools/Call` as a notification",
    '{"jsonrpc":"2.0","method":"Tools/Call","params":{"name":"add"}}',
  ],
];

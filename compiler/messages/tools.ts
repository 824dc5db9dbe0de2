import { message } from "../../language/index.ts";

/** What can be wrong with a tool list file: MCPP300 to MCPP309. The place is in the tool list. */

/** A policy whose tool list file has the text, and the same policy with a sound one. */
function example(list: string) {
  return {
    fails: 'server demo tools "./broken.tools.json"\n\nallow echo\n',
    passes: 'server demo tools "./demo.tools.json"\n\nallow echo\n',
    files: {
      "./broken.tools.json": list,
      "./demo.tools.json":
        '{"tools": [{"name": "echo", "risk": "read", "inputSchema": {"type": "object"}}]}',
    },
  };
}

export const toolListNotJson = message<{ problem: string }>({
  code: "MCPP300",
  severity: "error",
  title: "tool list is not JSON",
  message: ({ problem }) => problem,
  hint: () => "Write the file again with `mcpp pull`.",
  explanation:
    "A tool list file is JSON, as `mcpp pull` writes it. This one does not parse, so nothing is known of the server's tools and the policy cannot be checked against them. Correct the file at the place shown, or write it again with `mcpp pull`.",
  example: example(`{"tools": [{"name": "echo",}]}`),
});

export const toolListShape = message<{ problem: string }>({
  code: "MCPP301",
  severity: "error",
  title: "not a tool list",
  message: ({ problem }) => problem,
  hint: () => "A tool list is an object with a list `tools`, as `mcpp pull` writes it.",
  explanation:
    "A tool list file is an object with a field `tools`, a list of the tools as the server describes them. The answer to `tools/list`, with or without its JSON-RPC envelope, is accepted too. Anything else is refused, because a policy that is checked against the wrong file is not checked at all.",
  example: example(`{"tool": [{"name": "echo"}]}`),
});

export const toolShape = message<{ problem: string }>({
  code: "MCPP302",
  severity: "error",
  title: "not a tool",
  message: ({ problem }) => problem,
  explanation:
    "Each tool of a tool list is an object with a `name`. Its `inputSchema`, where it has one, is a JSON Schema object, and a `risk` is one of the five classes. An entry that is different is reported rather than passed over, since rules for that tool could not be checked.",
  example: example(`{"tools": [{"name": "echo", "inputSchema": "object"}]}`),
});

export const toolTwice = message<{ name: string; same: boolean }>({
  code: "MCPP303",
  severity: "error",
  title: "tool listed twice",
  message: ({ name, same }) =>
    same
      ? `The tool \`${name}\` is listed twice, with the same definition.`
      : `The tool \`${name}\` is listed twice, with different definitions, and no one can say which of them a call reaches.`,
  explanation:
    "A server names each of its tools once. Where a list names one twice with different definitions, a rule would be checked against one and the call might reach the other, so this is an error. Where both are the same it is a warning. At run time such a tool counts as changed and is refused.",
  example: example(
    `{"tools": [{"name": "echo", "title": "one"}, {"name": "echo", "title": "two"}]}`,
  ),
});

export const toolListPage = message<object>({
  code: "MCPP304",
  severity: "warning",
  title: "tool list is one page of several",
  message: () =>
    "This list ends with a `nextCursor`: it is one page of the server's tools, and more follow.",
  hint: () => "`mcpp pull` asks for all pages.",
  explanation:
    "Servers with many tools answer `tools/list` in pages, and a `nextCursor` says that another page follows. A policy that is checked against one page calls tools unknown that the server has, and globs and groups miss them. Write the file with `mcpp pull`, which asks for all pages.",
  example: example(`{"tools": [{"name": "echo"}], "nextCursor": "page-2"}`),
});

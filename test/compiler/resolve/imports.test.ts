import { describe, expect, it } from "vitest";
import { compile } from "../../../compiler/index.ts";
import { Source } from "../../../language/index.ts";
import { compileText, payments, policyOf, shown } from "../compiling.ts";

const known = { tools: payments };

function errors(text: string, files: Record<string, string>): string[] {
  return compileText(text, { ...known, files })
    .diagnostics.filter(({ severity }) => severity !== "info")
    .map(shown);
}

describe("imports", () => {
  it("bring every statement but tests, and each file once", () => {
    const files = {
      "a.mcpp":
        'import "./b.mcpp"\nlet cap = 5\nallow list_charges\ntest "x" { list_charges {} => deny }\n',
      "b.mcpp": "default deny\nallow get_charge limit 5/minute\n",
    };
    const { policy, program, diagnostics } = compileText(
      'import "./a.mcpp"\nimport "./b.mcpp"\nimport "a.mcpp"\nallow create_refund if args.amount < cap\n',
      { ...known, files },
    );
    expect(diagnostics.filter(({ severity }) => severity === "error").map(shown)).toEqual([]);
    expect(program.files.map(({ source }) => source.name)).toEqual([
      "policy.mcpp",
      "a.mcpp",
      "b.mcpp",
    ]);
    expect(program.tests).toEqual([]);
    expect(Object.keys(policy?.tools ?? {})).toEqual([
      "create_refund",
      "get_charge",
      "list_charges",
    ]);
  });

  it("are the same however they are spread over files", () => {
    const whole = policyOf(
      'allow list_charges, get_charge\ndeny create_refund because "No."\n',
      known,
    );
    const spread = policyOf('import "./a.mcpp"\nallow get_charge\n', {
      ...known,
      files: { "a.mcpp": 'deny create_refund because "No."\nallow list_charges\n' },
    });
    expect(spread).toEqual(whole);
  });

  it("cannot be missing, and what they may define is not missed", () => {
    expect(errors('import "./gone.mcpp"\nallow @lookups if args.amount < cap\n', {})).toEqual([
      'MCPP214 at "\\"./gone.mcpp\\"": The imported file `./gone.mcpp` cannot be read.',
    ]);
  });

  it("cannot go in a circle", () => {
    expect(
      errors('import "./a.mcpp"\nallow get_charge\n', {
        "a.mcpp": 'import "./b.mcpp"\n',
        "b.mcpp": 'import "./a.mcpp"\n',
      }),
    ).toEqual([
      'MCPP215 at "\\"./a.mcpp\\"": This import leads back to itself: `a.mcpp` → `b.mcpp` → `a.mcpp`.',
    ]);
  });

  it("must agree on the server and the default; the stricter `validate` wins", () => {
    const file = (text: string) => ({ "a.mcpp": text });
    expect(
      errors('import "./a.mcpp"\nserver payments\nallow get_charge\n', file("server other\n")),
    ).toHaveLength(1);
    expect(
      errors('import "./a.mcpp"\ndefault deny\nallow get_charge\n', file("default allow\n")),
    ).toHaveLength(1);
    expect(
      errors('import "./a.mcpp"\ndefault deny\nallow get_charge\n', file("default deny\n")),
    ).toEqual([]);
    const { policy } = compileText('import "./a.mcpp"\nvalidate arguments\nallow get_charge\n', {
      ...known,
      files: file("validate arguments strictly\n"),
    });
    expect(policy?.validate).toBe("strict");
  });

  it("may select nothing, which is only an information there", () => {
    const { policy, diagnostics } = compileText('import "./a.mcpp"\nallow get_charge\n', {
      ...known,
      files: { "a.mcpp": "hide nothing_*, @execute\nallow list_charges except other\n" },
    });
    const found = diagnostics.filter(({ code }) => /MCPP20[456]/.test(code));
    expect(found.map(({ severity }) => severity)).toEqual(["info", "info", "info"]);
    expect(policy?.hide).toBeUndefined();
    expect(Object.keys(policy?.tools ?? {})).toEqual(["get_charge", "list_charges"]);
  });

  it("say where a diagnostic is, in their own file", () => {
    const { diagnostics } = compileText('import "./a.mcpp"\nallow get_charge\n', {
      ...known,
      files: { "a.mcpp": "// first\nallow lst_charges\n" },
    });
    const [found] = diagnostics.filter(({ code }) => code === "MCPP201");
    expect(found?.source.name).toBe("a.mcpp");
    expect(found?.source.positionAt(found.span.start)).toMatchObject({ line: 2, column: 7 });
  });

  it("read the tool list beside the file that names it", () => {
    const asked: [string, string][] = [];
    const { policy } = compile(new Source("main.mcpp", 'import "org/a.mcpp"\nallow get_*\n'), {
      read(path, from) {
        asked.push([path, from]);
        if (path === "org/a.mcpp") {
          return { name: "org/a.mcpp", text: 'server payments tools "./p.tools.json"\n' };
        }
        return { name: "org/p.tools.json", text: JSON.stringify(payments) };
      },
    });
    expect(asked).toEqual([
      ["org/a.mcpp", "main.mcpp"],
      ["./p.tools.json", "org/a.mcpp"],
    ]);
    expect(policy?.tools).toEqual({ get_charge: {} });
  });

  it("report a tool list that cannot be read or is none", () => {
    const codes = (text: string | undefined): string[] =>
      compile(
        new Source(
          "main.mcpp",
          'server payments tools "./p.json"\nallow get_*, @read\npin tools\n',
        ),
        {
          read: () => (text === undefined ? undefined : { name: "p.json", text }),
        },
      ).diagnostics.map(({ code }) => code);
    expect(codes(undefined)).toEqual(["MCPP218"]);
    expect(codes("{")).toHaveLength(1);
    expect(codes("[]")).toHaveLength(1);
  });
});

import {
  type Condition,
  type Edit,
  type Fix,
  RESERVED,
  type Source,
  type Span,
} from "../../language/index.ts";

/** A tool's name as it stands in a policy: bare where it can be, else quoted. */
export function toolName(name: string): string {
  const bare = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) && !RESERVED.has(name);
  return bare ? name : JSON.stringify(name);
}

/** Takes a statement away, with its doc comment and its line break where nothing else is on its lines. */
export function removal(title: string, source: Source, span: Span): Fix {
  const { text } = source;
  let { start, end } = span;
  const before = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", end);
  const after = lineEnd === -1 ? text.length : lineEnd + 1;
  if (text.slice(before, start).trim() === "" && text.slice(end, after).trim() === "") {
    start = before;
    end = after;
    for (;;) {
      const above = text.lastIndexOf("\n", start - 2) + 1;
      if (start === 0 || !/^\s*\/\/\//.test(text.slice(above, start))) break;
      start = above;
    }
  }
  return { title, edits: [{ span: { start, end }, text: "" }] };
}

export function replacement(title: string, span: Span, text: string): Fix {
  return { title, edits: [{ span, text }] };
}

/** A statement on a line of its own after another one. */
export function statementAfter(source: Source, span: Span, text: string): Edit {
  const lineEnd = source.text.indexOf("\n", span.end);
  const end = lineEnd === -1 ? source.text.length : lineEnd;
  return { span: { start: end, end }, text: `\n${text}` };
}

/** A statement at the end of the file, apart from what stands there. */
export function statementAtEnd(source: Source, text: string): Edit {
  const end = source.text.length;
  const gap = end === 0 ? "" : source.text.endsWith("\n") ? "\n" : "\n\n";
  return { span: { start: end, end }, text: `${gap}${text}\n` };
}

const OPPOSITE: Readonly<Record<string, string>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
  in: "not in",
  "not in": "in",
};

/**
 * The condition that is true of the values of which this one is false, as text. What is missing meets neither.
 */
export function negatedText(condition: Condition, source: Source): string {
  switch (condition.kind) {
    case "not":
      return source.slice(condition.operand.span);
    case "and":
      return condition.operands.map((operand) => negatedText(operand, source)).join(" or ");
    case "or":
      return condition.operands
        .map((operand) => {
          const text = negatedText(operand, source);
          return isAlternative(operand) ? `(${text})` : text;
        })
        .join(" and ");
    case "comparison": {
      const opposite = OPPOSITE[condition.operator];
      if (opposite === undefined) return `not ${source.slice(condition.span)}`;
      const left = source.text.slice(condition.span.start, condition.operatorSpan.start);
      const right = source.text.slice(condition.operatorSpan.end, condition.span.end);
      return left + opposite + right;
    }
    default:
      return `not ${source.slice(condition.span)}`;
  }
}

/** Whether the negation of a condition is an `or` on its outside. */
function isAlternative(condition: Condition): boolean {
  return condition.kind === "and" || (condition.kind === "not" && condition.operand.kind === "or");
}

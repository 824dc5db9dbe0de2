import type { ObjectNode, Value } from "../../language/index.ts";

/** The arguments of a step as JSON. Numbers stay as they are written: a proxy looks at their text, too. */
export function argumentsText(node: ObjectNode): string {
  return textOf(node);
}

function textOf(node: Value): string {
  switch (node.kind) {
    case "object": {
      const members = node.entries.map(
        ({ key, value }) => `${JSON.stringify(key.value)}:${textOf(value)}`,
      );
      return `{${members.join(",")}}`;
    }
    case "list":
      return `[${node.items.map(textOf).join(",")}]`;
    case "number":
      return node.text.replaceAll("_", "");
    case "null":
      return "null";
    default:
      return JSON.stringify(node.value);
  }
}

import type { SignatureHelp } from "vscode-languageserver/node";
import { MarkupKind } from "vscode-languageserver/node";
import { signatureAt } from "../../language/index.ts";
import type { View } from "../workspace.ts";

/** How the statement at an offset is written, with the part that the offset is in. */
export function signatureHelp({ source }: View, offset: number): SignatureHelp | null {
  const signature = signatureAt(source, offset);
  if (signature === undefined) return null;
  const { label, doc, parts, active } = signature;
  let from = 0;
  const parameters = parts.map((part) => {
    const start = label.indexOf(part.label, from);
    from = start + part.label.length;
    return {
      label: [start, from] as [number, number],
      documentation: { kind: MarkupKind.Markdown, value: part.doc },
    };
  });
  return {
    signatures: [{ label, documentation: doc, parameters, activeParameter: active }],
    activeSignature: 0,
    activeParameter: active,
  };
}

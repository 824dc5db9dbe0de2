import { Ajv2020, type CodeOptions, type ValidateFunction } from "ajv/dist/2020.js";
import schema from "./policy.schema.json" with { type: "json" };

/** Compiles the schema of the format, as far as it is about structure. `ajv` is for standalone code. */
export function compileStructure(code: CodeOptions = {}): {
  readonly ajv: Ajv2020;
  readonly validate: ValidateFunction;
} {
  // `allOf` at the root says which fields need which extension, for other readers of the schema; here
  // extensions.ts finds them, and can name what is missing.
  const { allOf: _gates, $defs, ...structure } = schema;
  const definitions = Object.entries($defs).filter(([name]) => !name.startsWith("without_"));
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    validateSchema: false,
    meta: false,
    logger: false,
    // Problems show keys and types; `verbose` would also keep every value.
    verbose: false,
    ownProperties: true,
    code,
  });
  return { ajv, validate: ajv.compile({ ...structure, $defs: Object.fromEntries(definitions) }) };
}

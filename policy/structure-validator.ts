import type { ValidateFunction } from "ajv/dist/2020.js";
import { compileStructure } from "./structure-schema.ts";

let validate: ValidateFunction | undefined;

/** The compiled schema. The bundler puts the compiled code in place of this file: it is most of the start. */
export function structureValidator(): ValidateFunction {
  validate ??= compileStructure().validate;
  return validate;
}

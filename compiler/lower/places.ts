import type { Source, Span } from "../../language/index.ts";

/** Where something of a policy comes from. */
export interface Place {
  readonly source: Source;
  readonly span: Span;
}

/** Where each object of a policy comes from; several rules may be behind one. */
export class Origins {
  readonly #places = new Map<object, Place[]>();

  add<T extends object>(object: T, ...places: readonly Place[]): T {
    this.#places.set(object, [...(this.#places.get(object) ?? []), ...places]);
    return object;
  }

  of(object: object): readonly Place[] {
    return this.#places.get(object) ?? [];
  }

  entries(): Iterable<[object, readonly Place[]]> {
    return this.#places;
  }
}

/** `file:line:column` */
export function printPlace({ source, span }: Place): string {
  const { line, column } = source.positionAt(span.start);
  return `${source.name}:${line}:${column}`;
}

import { StateRefused } from "../store.ts";

export type Value = null | number | string;

/** The part of `node:sqlite` that is used; `@photostructure/sqlite` has the same. */
export interface Statement {
  run(...values: Value[]): {
    readonly changes: number | bigint;
    readonly lastInsertRowid: number | bigint;
  };
  get(...values: Value[]): unknown;
  all(...values: Value[]): unknown[];
  iterate(...values: Value[]): Iterable<unknown>;
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface Driver {
  readonly DatabaseSync: new (path: string) => Database;
}

/** Node's own SQLite where it is built in (Node 22.13 and later), else the same API as a package. */
export async function loadDriver(): Promise<Driver> {
  try {
    // A name in a variable: the types of Node 20 do not know the module.
    const builtIn = "node:sqlite";
    return (await import(builtIn)) as Driver;
  } catch {
    // Not built in.
  }
  try {
    return (await import("@photostructure/sqlite")) as unknown as Driver;
  } catch {
    throw new StateRefused(
      "SQLite cannot be loaded: this Node has no `node:sqlite`, and `@photostructure/sqlite` is not installed or has no binary for this machine. Use Node 22.13 or later, or `memory` or `redis://…` as the state.",
    );
  }
}

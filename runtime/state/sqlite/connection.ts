import { setTimeout as sleep } from "node:timers/promises";
import { type MaybePromise, StateRefused, StateUnavailable } from "../store.ts";
import { type Database, loadDriver, type Statement } from "./driver.ts";
import { prepareFile } from "./file.ts";
import { assertReadable, createSchema } from "./schema.ts";

/** SQLite waits this long for a lock by itself, and blocks the process meanwhile. */
const BUSY_MS = 20;
/** After this long a call is denied. */
const GIVE_UP_MS = 1000;
/** Several processes may start at once, each waiting for the one that makes the file. */
const OPEN_GIVE_UP_MS = 5000;

/** What the work of a transaction returns to have it rolled back. */
export const ROLL_BACK = Symbol("roll back");

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_NOTADB = 26;

/** One connection to a state file, shared by processes through SQLite's locks. */
export class Connection {
  readonly path: string;
  /** Called when a transaction has failed: what its work wrote is not there. */
  undone: () => void = () => {};
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #beginRead: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;

  private constructor(path: string, db: Database) {
    this.path = path;
    this.#db = db;
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#beginRead = db.prepare("BEGIN");
    this.#commit = db.prepare("COMMIT");
    this.#rollback = db.prepare("ROLLBACK");
  }

  static async open(name: string): Promise<Connection> {
    const path = prepareFile(name);
    const { DatabaseSync } = await loadDriver();
    const db = new DatabaseSync(path);
    try {
      return await patiently(OPEN_GIVE_UP_MS, path, () => {
        db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
        assertReadable(db, path);
        // Small pages: a commit writes whole ones. NORMAL survives kill -9; only a power cut may cost the
        // last moments.
        db.exec(
          "PRAGMA page_size = 2048; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000",
        );
        const connection = new Connection(path, db);
        connection.#transaction(connection.#begin, () => createSchema(db, path));
        return connection;
      });
    } catch (error) {
      db.close();
      throw error;
    }
  }

  prepare(sql: string): Statement {
    return this.#db.prepare(sql);
  }

  /** Runs `work` as one transaction: at once if the lock is free, else as soon as it is. */
  write<T>(work: () => T): MaybePromise<T> {
    return this.#run(this.#begin, work);
  }

  /** Runs `work` on one snapshot. */
  read<T>(work: () => T): MaybePromise<T> {
    return this.#run(this.#beginRead, work);
  }

  close(): void {
    this.#db.close();
  }

  #run<T>(begin: Statement, work: () => T): MaybePromise<T> {
    const transaction = () => this.#transaction(begin, work);
    try {
      return transaction();
    } catch (error) {
      if (!isBusy(error)) throw unavailable(error, this.path);
      return patiently(GIVE_UP_MS - BUSY_MS, this.path, transaction);
    }
  }

  #transaction<T>(begin: Statement, work: () => T): T {
    begin.run();
    try {
      const result = work();
      (result === ROLL_BACK ? this.#rollback : this.#commit).run();
      return result;
    } catch (error) {
      try {
        this.#rollback.run();
      } catch {
        // SQLite has rolled back by itself, as it does when the disk is full.
      }
      this.undone();
      throw error;
    }
  }
}

/** Tries until the lock is free, without blocking the process between tries. */
async function patiently<T>(giveUpMs: number, path: string, attempt: () => T): Promise<T> {
  const deadline = performance.now() + giveUpMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() + BUSY_MS > deadline) throw unavailable(error, path);
    }
    await sleep(1 + Math.random() * 10);
  }
}

function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && ((code & 0xff) === SQLITE_BUSY || (code & 0xff) === SQLITE_LOCKED);
}

/** Errors of SQLite as the store's own; a mistake of the caller stays what it is. */
function unavailable(error: unknown, path: string): unknown {
  const { code, errcode, message } = error as { code?: string; errcode?: number; message: string };
  if (code === "ERR_INVALID_STATE") return new StateUnavailable("The state store is closed.");
  if (code !== "ERR_SQLITE_ERROR") return error;
  if (errcode === SQLITE_NOTADB) return new StateRefused(`\`${path}\` is not a state file.`);
  return new StateUnavailable(`The state file \`${path}\` cannot be used now: ${message}.`);
}

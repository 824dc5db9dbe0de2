import { StateRefused } from "../store.ts";
import type { Database } from "./driver.ts";

/** "mcpp", so that no other program's file is taken for ours. */
const APPLICATION_ID = 0x6d637070;
export const SCHEMA_VERSION = 1;

/**
 * `counters.n` is never used again (AUTOINCREMENT), so that a reservation can name its counters by it: short
 * rows are what makes a reservation cheap. `ends` is when the last that a counter counts is over.
 */
const SCHEMA = `
CREATE TABLE clock (newest INTEGER NOT NULL);
INSERT INTO clock VALUES (0);
CREATE TABLE counters (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  ends INTEGER NOT NULL,
  used INTEGER NOT NULL,
  family TEXT
);
CREATE INDEX counters_by_end ON counters (ends);
CREATE INDEX counters_of_family ON counters (family, ends) WHERE family IS NOT NULL;
CREATE TABLE log (
  counter INTEGER NOT NULL,
  leaves INTEGER NOT NULL,
  slot TEXT NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (counter, leaves, slot)
) WITHOUT ROWID;
CREATE TABLE reservations (
  id TEXT PRIMARY KEY,
  expires INTEGER NOT NULL,
  spend TEXT,
  charges TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE claims (id TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX claims_by_end ON claims (expires);
CREATE TABLE approvals (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  call TEXT NOT NULL,
  state TEXT NOT NULL,
  expires INTEGER NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX approvals_of_call ON approvals (call, n);
CREATE TABLE freezes (id TEXT PRIMARY KEY, until INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Throws unless the file is empty, or ours and of a version that this program knows. */
export function assertReadable(db: Database, path: string): void {
  const version = pragma(db, "user_version");
  const application = pragma(db, "application_id");
  const { tables } = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as {
    tables: number;
  };
  if (tables === 0 && version === 0) return;
  if (application !== APPLICATION_ID) {
    throw new StateRefused(`\`${path}\` is a database of another program, not a state file.`);
  }
  if (version > SCHEMA_VERSION) {
    throw new StateRefused(
      `The state file \`${path}\` was written by a newer version of mcpp (its schema is ${version}, this one knows ${SCHEMA_VERSION}). Update mcpp, or use another file.`,
    );
  }
}

/** Makes the tables, unless another process just did. To be called inside a transaction. */
export function createSchema(db: Database, path: string): void {
  assertReadable(db, path);
  if (pragma(db, "user_version") === 0) db.exec(SCHEMA);
}

function pragma(db: Database, name: "user_version" | "application_id"): number {
  return (db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name] as number;
}

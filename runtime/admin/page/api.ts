import type { Refused } from "../wire.ts";

/** What a page proves its session with, besides a cookie; kept for this origin alone. */
const KEY = "mcpp-page";

/** The proxy refused what was asked. The message is a sentence of the proxy. */
export class RefusedError extends Error {
  readonly status: number;
  readonly refused: Refused;

  constructor(status: number, refused: Refused) {
    super(refused.error);
    this.status = status;
    this.refused = refused;
  }
}

/** Nobody answers. */
export class NoAnswer extends Error {}

export function forget(): void {
  localStorage.removeItem(KEY);
}

export function hasSession(): boolean {
  return localStorage.getItem(KEY) !== null;
}

/** Rejects with `RefusedError` or `NoAnswer`. */
export function get<T>(path: string): Promise<T> {
  return ask<T>(path, { method: "GET" });
}

/** Rejects with `RefusedError` or `NoAnswer`. */
export function post<T>(path: string, body: object): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Opens a session with the secret of the one-time link, or with an approver's token. */
export async function open(
  path: "/api/enter" | "/api/sign-in",
  secret: Readonly<Record<string, string>>,
): Promise<void> {
  const { token } = await post<{ readonly token: string }>(path, secret);
  localStorage.setItem(KEY, token);
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const token = localStorage.getItem(KEY);
  const headers = { ...init.headers, ...(token === null ? {} : { "mcpp-page": token }) };
  let response: Response;
  let value: unknown;
  try {
    response = await fetch(path, { ...init, headers, redirect: "error", cache: "no-store" });
    value = await response.json();
  } catch {
    throw new NoAnswer("The proxy does not answer.");
  }
  if (response.ok) return value as T;
  throw new RefusedError(response.status, value as Refused);
}

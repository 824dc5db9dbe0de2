import type { AdminRoute } from "./route.ts";

/** A file of the page. */
export interface PageFile {
  readonly path: string;
  /** A media type. */
  readonly type: string;
  readonly body: Uint8Array;
}

/**
 * The page itself: the same for all, and nothing in it is about this proxy. So it needs no session, and can be linked
 * to from elsewhere, where a browser would not send what proves one.
 */
export function fileRoutes(files: readonly PageFile[]): readonly AdminRoute[] {
  return files.map(({ path, type, body }) => ({
    method: "GET",
    path,
    right: "anybody",
    answer: () => ({ status: 200, type, body }),
  }));
}

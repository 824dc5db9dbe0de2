import type { Me } from "../wire.ts";

/** One of the views; it lives as long as it is shown. */
export interface View {
  readonly element: HTMLElement;
  /** Where the focus goes when somebody has gone to it. */
  readonly heading: HTMLElement;
  /** Looks for what is new. Rejects as `get` does. */
  readonly refresh?: () => Promise<void>;
  /** Once a second, for what only time changes. */
  readonly tick?: () => void;
  /** The part of the address after the view's name has changed. */
  readonly goTo?: (rest: string) => void;
}

export interface Page {
  readonly me: Me;
  /** Looks again at once, for what an act has changed. */
  readonly look: () => void;
  /** Says what has failed; an empty text takes it away. */
  readonly alert: (text: string) => void;
}

export type MakeView = (page: Page, rest: string) => View;

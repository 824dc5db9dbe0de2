/** Where the lines of one writer go. */
export interface Destination {
  /** All of the line, so that it survives the end of this process. Throws `AuditUnavailable`; then it is nothing of it, or begun. */
  write(line: string): void;
  /** Resolves when all that was written is on the disk; rejects with `AuditUnavailable`. Absent: not asked for. */
  readonly synced?: () => Promise<void>;
  /** Never throws. */
  close(): void;
}

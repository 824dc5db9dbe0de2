/**
 * Resolves when a signal asks the process to end; a second one ends it as it would without us. `hangup`: what SIGHUP
 * does instead of ending it.
 */
export function untilEnded({ hangup }: { readonly hangup?: () => void } = {}): Promise<void> {
  const ending = ["SIGINT", "SIGTERM", ...(hangup === undefined ? ["SIGHUP"] : [])] as const;
  return new Promise((resolve) => {
    const received = (): void => {
      for (const signal of ending) process.off(signal, received);
      if (hangup !== undefined) process.off("SIGHUP", hangup);
      resolve();
    };
    for (const signal of ending) process.on(signal, received);
    if (hangup !== undefined) process.on("SIGHUP", hangup);
  });
}

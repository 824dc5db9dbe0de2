import { defineConfig } from "vitest/config";

// Long random runs that are started by hand: `npm run soak`.
export default defineConfig({
  test: {
    include: ["test/**/*.soak.ts"],
    expect: { poll: { timeout: 20_000 } },
  },
});

/** Folders with the lock files of packages that few commands need, and fetch: scripts/kit/toolchain/npm-packages.ts. */
export const FETCHED_SETS = [
  "scripts/kit/toolchain/node-22",
  "__tests__/support/chromium",
  "__tests__/proof/successor/packages",
] as const;

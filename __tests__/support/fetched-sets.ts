/** Folders with the lock files of packages that few commands need, and fetch: scripts/kit/fetched-packages.ts. */
export const FETCHED_SETS = [
  "scripts/kit/node-22",
  "__tests__/support/chromium",
  "__tests__/proof/successor/packages",
] as const;

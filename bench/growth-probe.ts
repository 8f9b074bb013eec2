import { median } from "../scripts/kit/quantiles";
import type { Operation, RequestsSize, TableUse } from "./growth-figures";

/** Requests that are due for the sweeper, whatever the table's size: it is what it has to find. */
export const DUE = 20;
/** Of all requests, one in so many has not ended. */
const OPEN_EVERY = 10;
/** How often a read and a claim are measured, and the sweeper's search. */
const TIMES = { status: 100, claim: 100, search: 7 } as const;

/** A request that the table is filled with. `later`: it has not ended, and is not due. */
export interface Filling {
  readonly id: string;
  readonly standing: "due" | "later" | "ended";
}

/** The functions' own store over a table, neither of which scripts may import, and what it asks of the table. */
export interface GrowthParts {
  fill(requests: readonly Filling[]): Promise<void>;
  /** A poll's read. */
  status(id: string): Promise<void>;
  /** A worker's claim. Rejects where it is not won. */
  claim(id: string): Promise<void>;
  /** How many are due. */
  search(): Promise<number>;
  /** Calls and items since the last look. */
  used(): { readonly calls: number; readonly items: number };
  /** A new request's id. */
  newId(): string;
  nowMs(): number;
}

/**
 * Fills the table with so many requests and measures what each operation asks of it. Nine of ten have ended, as after a
 * week's retention; the search always has twenty to find.
 * @throws Error where an operation takes another number of calls from time to time, or the search does not find them
 */
export async function measureTable(parts: GrowthParts, requests: number): Promise<RequestsSize> {
  const all = Array.from(
    { length: requests },
    (_, index): Filling => ({
      id: parts.newId(),
      standing: index < DUE ? "due" : index % OPEN_EVERY === 0 ? "later" : "ended",
    }),
  );
  await parts.fill(all);
  const later = all.filter(({ standing }) => standing === "later");
  // From everywhere in the table.
  const some = (from: readonly Filling[], count: number) =>
    Array.from({ length: count }, (_, index) => from[Math.floor((index * from.length) / count)]!.id);
  const claims = some(later, Math.min(TIMES.claim, later.length));
  return {
    requests,
    status: await measure(
      parts,
      "status",
      some(all, TIMES.status).map((id) => () => parts.status(id)),
    ),
    claim: await measure(
      parts,
      "claim",
      claims.map((id) => () => parts.claim(id)),
    ),
    search: await measure(
      parts,
      "search",
      Array.from({ length: TIMES.search }, () => () => searched(parts)),
    ),
  };
}

async function searched(parts: GrowthParts): Promise<void> {
  const found = await parts.search();
  if (found !== DUE) throw new Error(`The search found ${found} requests that are due; expected ${DUE}`);
}

async function measure(
  parts: GrowthParts,
  name: Operation,
  operations: readonly (() => Promise<void>)[],
): Promise<TableUse> {
  const times: number[] = [];
  parts.used();
  let first: { calls: number; items: number } | undefined;
  for (const operation of operations) {
    const began = parts.nowMs();
    await operation();
    times.push(parts.nowMs() - began);
    const used = parts.used();
    first ??= used;
    if (used.calls !== first.calls || used.items !== first.items)
      throw new Error(
        `${name} took ${used.calls} calls and ${used.items} items, and ${first.calls} and ${first.items} before; expected the same each time`,
      );
  }
  if (first === undefined) throw new Error(`${name} was not measured: the table has too few requests`);
  return { ...first, ms: median(times) };
}

/** Size of a function, in KB of 1,024 bytes. */
export interface Size {
  /** The zip. */
  readonly zipKB: number;
  /** The files that are read before the first call: the entry and what it imports at once. */
  readonly coldKB: number;
}

/** handlers/budget.json: what a cold start may cost. */
export interface ColdBudget {
  /** Where and when `ms` and `ratio` were measured. */
  readonly measured: string;
  /** By the name of the zip. */
  readonly sizes: Readonly<Record<string, Size>>;
  /**
   * By the name of the call. `ratio`: processor time to the first answer over TLS, as a multiple of a bare node's in
   * the same run. `ms`: wall time on the machine of `measured`, for information only.
   */
  readonly times: Readonly<Record<string, { readonly ratio: number; readonly ms: number }>>;
}

/** Versions of packages move a figure by less than this; a client too many moves it by more. */
const TOLERANCE_PERCENT = 5;

/**
 * The files that a cold start reads: `index.mjs`, what it imports, and what that imports. Dynamic imports are left out.
 * @param files source text by name
 */
export function coldFiles(files: Readonly<Record<string, string>>): string[] {
  const read = new Set(["index.mjs"]);
  for (const file of read) {
    for (const [, chunk = ""] of (files[file] ?? "").matchAll(/(?:from|import)\s*"\.\/(chunk-[A-Z0-9]+\.mjs)"/g))
      read.add(chunk);
  }
  return [...read];
}

/** Sizes that exceed the budget, a sentence each. @param measured by the name of the zip */
export function oversize({ sizes }: ColdBudget, measured: Readonly<Record<string, Size>>): string[] {
  const unknown = Object.keys(sizes)
    .filter((name) => !(name in measured))
    .map((name) => `handlers/budget.json has a budget of ${name}, which is no function. Delete it.`);
  const kilobytes = (value: number) => `${value.toFixed(0)} KB`;
  return [
    ...unknown,
    ...Object.entries(measured).flatMap(([name, given]) => {
      const allowed = sizes[name];
      if (allowed === undefined)
        return [`The function ${name} has no budget. Add its sizes to handlers/budget.json: ${JSON.stringify(given)}.`];
      return [
        ...exceeded(`The zip of ${name}`, [given.zipKB, allowed.zipKB], kilobytes),
        ...exceeded(`What a cold start of ${name} reads`, [given.coldKB, allowed.coldKB], kilobytes),
      ];
    }),
  ];
}

/** Times that exceed the budget, a sentence each. @param ratios by the name of the call */
export function overtime({ times }: ColdBudget, ratios: Readonly<Record<string, number>>): string[] {
  return Object.entries(ratios).flatMap(([name, given]) => {
    const allowed = times[name];
    if (allowed === undefined)
      return [`The cold call ${name} has no budget. Add its ratio to handlers/budget.json: ${given.toFixed(2)}.`];
    return exceeded(
      `The processor time of a cold ${name}, as a multiple of a bare node's`,
      [given, allowed.ratio],
      (value) => `${value.toFixed(2)}x`,
    );
  });
}

function exceeded(what: string, [given, budget]: [number, number], format: (value: number) => string): string[] {
  const allowed = budget * (1 + TOLERANCE_PERCENT / 100);
  if (given <= allowed) return [];
  return [
    `${what}: ${format(given)}; allowed: ${format(allowed)} (a budget of ${format(budget)}, and ${TOLERANCE_PERCENT} ` +
      "%). Remove what the first answer does not need, or raise it in handlers/budget.json and say why.",
  ];
}

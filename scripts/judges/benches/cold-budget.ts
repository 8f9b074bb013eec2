/** What a function's cold start may cost. In bytes as KB of 1,024. */
export interface SizeBudget {
  /** Of the zip. */
  readonly zipKB: number;
  /** Of the files that are read before the first call: the entry and what it imports at once. */
  readonly coldKB: number;
}

/** What one cold call may take. */
export interface TimeBudget {
  /** Processor time to the first answer over TLS, as a multiple of a bare node's in the same run. */
  readonly ratio: number;
  /** Milliseconds to the first answer over TLS as they were measured: of that machine, and told, not guarded. */
  readonly ms: number;
}

/** handlers/budget.json. */
export interface ColdBudget {
  /** Where and when `ms` and `ratio` were measured. */
  readonly measured: string;
  /** By the name of the zip. */
  readonly sizes: Readonly<Record<string, SizeBudget>>;
  /** By the name of the call. */
  readonly times: Readonly<Record<string, TimeBudget>>;
}

/**
 * By how much a figure may exceed its budget, in percent: versions of packages move it by less, a client too many by
 * more.
 */
export const TOLERANCE_PERCENT = 5;

/**
 * The files, by name, that a cold start reads: `index.mjs`, what it imports, what that imports; not what is imported
 * when it is needed.
 */
export function coldFiles(files: Readonly<Record<string, string>>): string[] {
  const read = new Set(["index.mjs"]);
  for (const file of read) {
    for (const [, chunk = ""] of (files[file] ?? "").matchAll(/(?:from|import)\s*"\.\/(chunk-[A-Z0-9]+\.mjs)"/g))
      read.add(chunk);
  }
  return [...read];
}

/** What exceeds the sizes' budget, one sentence each: which, what is given, what is allowed, what to do. */
export function oversize({ sizes }: ColdBudget, measured: Readonly<Record<string, SizeBudget>>): string[] {
  const unknown = Object.keys(sizes)
    .filter((name) => !(name in measured))
    .map((name) => `handlers/budget.json has a budget of ${name}, which is no function. Take it out.`);
  const problems = Object.entries(measured).flatMap(([name, given]) => {
    const allowed = sizes[name];
    if (allowed === undefined)
      return [`The function ${name} has no budget. Add its sizes to handlers/budget.json: ${JSON.stringify(given)}.`];
    return [
      ...exceeded(`The zip of ${name}`, given.zipKB, allowed.zipKB, "KB"),
      ...exceeded(`What a cold start of ${name} reads`, given.coldKB, allowed.coldKB, "KB"),
    ];
  });
  return [...unknown, ...problems];
}

/** What exceeds the times' budget, as {@link oversize}. @param ratios by the name of the call */
export function overtime({ times }: ColdBudget, ratios: Readonly<Record<string, number>>): string[] {
  return Object.entries(ratios).flatMap(([name, given]) => {
    const allowed = times[name];
    if (allowed === undefined)
      return [`The cold call ${name} has no budget. Add its ratio to handlers/budget.json: ${given.toFixed(2)}.`];
    return exceeded(`A cold ${name}, as a multiple of a bare node`, given, allowed.ratio, "x");
  });
}

function exceeded(what: string, given: number, budget: number, unit: "KB" | "x"): string[] {
  const allowed = budget * (1 + TOLERANCE_PERCENT / 100);
  if (given <= allowed) return [];
  const show = (value: number) => (unit === "x" ? `${value.toFixed(2)}x` : `${value.toFixed(0)} KB`);
  return [
    `${what}: ${show(given)}; allowed: ${show(allowed)} (a budget of ${show(budget)}, and ${TOLERANCE_PERCENT} %). Take out what the first answer does not need, or, with a reason, raise it in handlers/budget.json.`,
  ];
}

/** What one caller saw of one request. */
export interface RequestHistory {
  /** What the answer has to hold: it is in this request's prompt and in no other's. */
  readonly nonce: string;
  /** Ids that its posts were answered with, in order; more than one where it was sent again. */
  readonly ids: readonly string[];
  /** What its polls were answered with, in order. */
  readonly seen: readonly Observation[];
  /** Posts that gave no id, by what they gave. */
  readonly refusals: readonly string[];
}

/** The answer to one poll. */
export interface Observation {
  /** `queued`, …; or the HTTP status of an answer other than 200. */
  readonly status: string;
  /** Why it failed. */
  readonly errorCode?: string;
  /** Whether a completed one holds the nonce. */
  readonly holdsNonce?: boolean;
}

/** What the history shows. Each list names requests. */
export interface HistoryVerdict {
  readonly requests: number;
  /** Endings by status. */
  readonly endings: Readonly<Record<string, number>>;
  /** Reasons of those that failed. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Broken promises, by name; all empty where every one was kept. */
  readonly broken: Readonly<Record<Promised, readonly string[]>>;
  readonly holds: boolean;
}

/**
 * - `lost`: accepted, and then not there; or never accepted though it was sent again and again.
 * - `stuck`: it has no terminal state.
 * - `split`: sent again with its key, it got another id.
 * - `went_back`: a later poll showed an earlier state.
 * - `changed`: its terminal state changed.
 * - `wrong_answer`: it is completed with an answer that is not its own, or not whole.
 * - `ended_twice`: two workers recorded an end of it.
 */
export const PROMISES = ["lost", "stuck", "split", "went_back", "changed", "wrong_answer", "ended_twice"] as const;
type Promised = (typeof PROMISES)[number];

const ORDER: Readonly<Record<string, number>> = { queued: 0, processing: 1, completed: 2, failed: 2, expired: 2 };
const isTerminal = (status: string): boolean => ORDER[status] === 2;

/**
 * Judges what the callers saw.
 * @param endingsById how often the workers' logs record an end of a request
 */
export function judgeHistory(
  histories: readonly RequestHistory[],
  endingsById: ReadonlyMap<string, number>,
): HistoryVerdict {
  const broken = Object.fromEntries(PROMISES.map((promise) => [promise, [] as string[]])) as Record<Promised, string[]>;
  const endings: Record<string, number> = {};
  const reasons: Record<string, number> = {};
  for (const history of histories) {
    const [id] = history.ids;
    for (const promise of brokenBy(history, endingsById)) broken[promise].push(id ?? history.nonce);
    const end = history.seen.findLast(({ status }) => isTerminal(status));
    add(endings, end?.status ?? "none");
    if (end?.errorCode !== undefined) add(reasons, end.errorCode);
  }
  return {
    requests: histories.length,
    endings,
    reasons,
    broken,
    holds: Object.values(broken).every((ids) => ids.length === 0),
  };
}

function brokenBy({ ids, seen }: RequestHistory, endingsById: ReadonlyMap<string, number>): Promised[] {
  const known = seen.filter(({ status }) => ORDER[status] !== undefined);
  const terminal = known.filter(({ status }) => isTerminal(status)).map(({ status }) => status);
  const found: readonly [Promised, boolean][] = [
    ["lost", ids.length === 0 || seen.some(({ status }) => status === "404")],
    ["stuck", ids.length > 0 && terminal.length === 0],
    ["split", new Set(ids).size > 1],
    ["went_back", known.some(({ status }, index) => index > 0 && ORDER[status]! < ORDER[known[index - 1]!.status]!)],
    ["changed", new Set(terminal).size > 1],
    ["wrong_answer", known.some(({ status, holdsNonce }) => status === "completed" && holdsNonce !== true)],
    ["ended_twice", ids.some((id) => (endingsById.get(id) ?? 0) > 1)],
  ];
  return found.flatMap(([promise, isBroken]) => (isBroken ? [promise] : []));
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

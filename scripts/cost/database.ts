import type { Deployment } from "./deployment";
import type { Month, Traffic } from "./traffic";
import { DAYS_A_MONTH, KB_A_GB, type Usage } from "./usage";

/** One call of the access pattern (handlers/requests), how often a month, and what one costs. */
interface TableCall {
  readonly call: string;
  readonly count: number;
  /** Write request units, those of the index `open-due` among them. */
  readonly writeUnits: number;
  readonly readUnits: number;
}

/**
 * Attributes of a request beside prompt and result: ids, dates, status, lease, and the attributes' names
 * (handlers/requests/request-items.ts).
 */
const REQUEST_KB = 0.5;
/** The same of a turn (handlers/requests/sessions.ts). */
const TURN_KB = 0.2;
/** Above it a result goes to S3 (handlers/requests/results.ts, MAX_INLINE_RESULT_BYTES). */
export const INLINE_RESULT_KB = 350;
/** Of a turn's answer so much is kept (handlers/requests/sessions.ts, TURN_ANSWER_BYTES). */
const TURN_ANSWER_KB = 16;
/** handlers/requests/lease.ts, RENEW_EVERY_MS. */
const RENEW_SECONDS = 10;
/** handlers/requests/request-items.ts, OPEN_PARTITIONS: a sweep asks each. */
const OPEN_PARTITIONS = 16;
/**
 * An entry of the index holds keys only, far below 1 KB. One that stays in place under another key is a delete and a
 * put (DynamoDB developer guide, "Using global secondary indexes", write costs).
 */
const INDEX = { put: 1, move: 2, remove: 1 } as const;
/** A write in a transaction costs two units a KB (DynamoDB developer guide, "Amazon DynamoDB transactions"). */
const TRANSACTED = 2;

/**
 * An item's write units: whole KB, one at least. An update costs as much as the larger of the item before and after.
 */
const writes = (kb: number): number => Math.max(1, Math.ceil(kb));
/** A consistent read's units: whole 4 KB, one at least, for an item that is not there too. */
const reads = (kb: number): number => Math.max(1, Math.ceil(kb / 4));

/** What a month's requests do to the tables. */
export function tableCalls(usage: Usage, traffic: Traffic): TableCall[] {
  const { requests, runs, pollMisses } = traffic;
  const open = REQUEST_KB + usage.prompt_kb;
  const ended = open + (usage.answer_kb <= INLINE_RESULT_KB ? usage.answer_kb : 0);
  const finals = finalReads(usage, traffic);
  return [
    // POST: the item, and its entry in the index of open requests.
    { call: "invoke: PutItem", count: requests, writeUnits: writes(open) + INDEX.put, readUnits: 0 },
    // The mark changes no key of the index.
    { call: "invoke: UpdateItem, sent", count: requests, writeUnits: writes(open), readUnits: 0 },
    // With an Idempotency-Key the front door looks at the request once more.
    { call: "invoke: GetItem, keyed", count: requests * usage.idempotent_share, writeUnits: 0, readUnits: reads(open) },
    // due_at becomes the lease's end: the index entry moves.
    { call: "worker: UpdateItem, claim", count: runs, writeUnits: writes(open) + INDEX.move, readUnits: 0 },
    // The same again every ten seconds.
    {
      call: "worker: UpdateItem, renew",
      count: runs * Math.floor(traffic.workerSeconds / RENEW_SECONDS),
      writeUnits: writes(open) + INDEX.move,
      readUnits: 0,
    },
    ...sessionCalls(usage, runs === 0 ? 0 : requests, runs),
    // The result is written, and the entry in the index goes. Within a session both are in the transaction.
    {
      call: "worker: UpdateItem, finish",
      count: runs === 0 ? 0 : requests * (1 - usage.session_share),
      writeUnits: writes(ended) + INDEX.remove,
      readUnits: 0,
    },
    {
      call: "worker: TransactWriteItems, finish",
      count: runs === 0 ? 0 : requests * usage.session_share,
      writeUnits: TRANSACTED * writes(ended) + INDEX.remove,
      readUnits: 0,
    },
    // A poll that no cache answers reads the whole item: small while the request is open, with its result after that.
    { call: "status: GetItem, open", count: pollMisses - finals, writeUnits: 0, readUnits: reads(open) },
    { call: "status: GetItem, ended", count: finals, writeUnits: 0, readUnits: reads(ended) },
    { call: "health: GetItem", count: traffic.healthChecks, writeUnits: 0, readUnits: reads(0) },
    // An eventually consistent query that finds nothing is half a unit, in each partition.
    { call: "sweeper: Query", count: traffic.sweeps, writeUnits: 0, readUnits: OPEN_PARTITIONS * 0.5 },
  ];
}

/**
 * Polls of an ended request that reach the front door, counted as if no cache answered any of them: each caller's last
 * one finds the end.
 */
export const finalReads = (usage: Usage, { requests, pollMisses }: Traffic): number =>
  Math.min(pollMisses, requests * usage.pollers);

/**
 * A session's version and its turns are read by each run; the turn, and its count, are written in the transaction that
 * ends the request.
 */
function sessionCalls(usage: Usage, ended: number, runs: number): TableCall[] {
  const turn = turnKB(usage);
  return [
    { call: "session: GetItem, version", count: runs * usage.session_share, writeUnits: 0, readUnits: reads(0) },
    {
      call: "session: Query, turns",
      count: runs * usage.session_share,
      writeUnits: 0,
      readUnits: reads(turn * usage.session_turns),
    },
    {
      call: "session: turn and its count, transacted",
      count: ended * usage.session_share,
      writeUnits: TRANSACTED * (writes(turn) + writes(0)),
      readUnits: 0,
    },
  ];
}

const turnKB = (usage: Usage): number => TURN_KB + usage.prompt_kb + Math.min(TURN_ANSWER_KB, usage.answer_kb);

/** Read units of a poll of a request that has not ended. */
export const openReadUnits = (usage: Usage): number => reads(REQUEST_KB + usage.prompt_kb);

/** GB that the tables hold: what came in during the retention. */
function storedGB(deployment: Deployment, usage: Usage, { requests }: Traffic): number {
  const result = usage.answer_kb <= INLINE_RESULT_KB ? usage.answer_kb : 0;
  const kb = REQUEST_KB + usage.prompt_kb + result + usage.session_share * turnKB(usage);
  return ((requests * deployment.requestRetentionDays) / DAYS_A_MONTH) * (kb / KB_A_GB);
}

/**
 * Dollars a month of the tables: units, storage, and the backup that point-in-time recovery keeps. Deletions by TTL are
 * free.
 */
export function databaseCost({ deployment, usage, traffic, book }: Month): number {
  const calls = tableCalls(usage, traffic);
  const stored = storedGB(deployment, usage, traffic);
  const total = (units: "writeUnits" | "readUnits") => calls.reduce((sum, call) => sum + call.count * call[units], 0);
  return (
    book.cost("dynamoWrite", total("writeUnits")) +
    book.cost("dynamoRead", total("readUnits")) +
    book.cost("dynamoStorage", stored) +
    book.cost("dynamoBackup", stored)
  );
}

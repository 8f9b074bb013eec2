import {
  FIRST_WAIT_MS,
  LONGEST_WAIT_MS,
  MAX_TRIES,
  PATIENCE,
  retryContended,
  type Patience,
} from "../../../handlers/requests/dynamodb-requests";

const conflict = () =>
  Object.assign(new Error("Transaction is ongoing for the item"), { name: "TransactionConflictException" });
const cancelled = (...codes: string[]) =>
  Object.assign(new Error("Transaction cancelled"), {
    name: "TransactionCanceledException",
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

/** Waits for nothing, and keeps how long it would have waited. */
function patience(random = 0.5): Patience & { readonly waits: number[] } {
  const waits: number[] = [];
  return { waits, random: () => random, sleep: async (ms) => void waits.push(ms) };
}

/** Rejects with each of the errors, then resolves. */
function failing(...errors: Error[]) {
  return jest.fn(async () => {
    const error = errors.shift();
    if (error) throw error;
    return "written";
  });
}

test.each([
  ["an ongoing transaction", conflict()],
  ["a conflict in the transaction", cancelled("None", "None", "TransactionConflict")],
  ["a throttled write in it", cancelled("ThrottlingError", "None")],
  ["a partition at its limit", cancelled("None", "ProvisionedThroughputExceeded")],
])("a write that met %s is sent again", async (_what, error) => {
  const write = failing(error);
  expect(await retryContended(write, patience())).toBe("written");
  expect(write).toHaveBeenCalledTimes(2);
});

test.each([
  ["a broken condition", cancelled("ConditionalCheckFailed", "None")],
  ["a transaction that is malformed", cancelled("ValidationError")],
  ["an error of another kind", new Error("no network")],
])("%s is not sent again", async (_what, error) => {
  const write = failing(error);
  await expect(retryContended(write, patience())).rejects.toBe(error);
  expect(write).toHaveBeenCalledTimes(1);
});

test("the waits double up to the longest, have full jitter, and end with the last try's error", async () => {
  const errors = Array.from({ length: MAX_TRIES }, conflict);
  const last = errors.at(-1);
  const write = failing(...errors);
  const waiting = patience(0.5);
  await expect(retryContended(write, waiting)).rejects.toBe(last);
  expect(write).toHaveBeenCalledTimes(MAX_TRIES);
  expect(waiting.waits).toEqual([1, 2, 4, 8, 16, 20, 20].map((factor) => (factor * FIRST_WAIT_MS) / 2));
  expect(Math.max(...waiting.waits)).toBe(LONGEST_WAIT_MS / 2);
});

test("a wait is ended by the signal", async () => {
  const ended = retryContended(failing(conflict()), PATIENCE, AbortSignal.abort());
  await expect(ended).rejects.toMatchObject({ name: "AbortError" });
});

test("without anything else said it waits by the clock", async () => {
  expect(await retryContended(failing(conflict()), PATIENCE)).toBe("written");
});

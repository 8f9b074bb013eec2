import { judgeHistory, type Observation, type RequestHistory } from "./history";

const completed: Observation = { status: "completed", holdsNonce: true };
const history = (overrides: Partial<RequestHistory> = {}): RequestHistory => ({
  nonce: "n1",
  ids: ["id1"],
  refusals: [],
  seen: [{ status: "queued" }, { status: "processing" }, completed],
  ...overrides,
});
const judge = (one: RequestHistory, endings: [string, number][] = [["id1", 1]]) =>
  judgeHistory([one], Object.fromEntries(endings));

test("a request that goes its way keeps every promise", () => {
  expect(judge(history())).toMatchObject({ requests: 1, endings: { completed: 1 }, holds: true });
});

test("sent again with its key it keeps its id, and refusals before that do no harm", () => {
  expect(judge(history({ ids: ["id1", "id1"], refusals: ["503", "reset"] })).holds).toBe(true);
});

test.each<[promise: string, one: RequestHistory]>([
  ["lost", history({ seen: [{ status: "queued" }, { status: "404" }, completed] })],
  ["lost", history({ ids: [], seen: [] })],
  ["stuck", history({ seen: [{ status: "queued" }, { status: "processing" }] })],
  ["split", history({ ids: ["id1", "id2"] })],
  ["went_back", history({ seen: [{ status: "processing" }, { status: "queued" }, completed] })],
  ["changed", history({ seen: [{ status: "failed", errorCode: "x" }, completed] })],
  ["wrong_answer", history({ seen: [{ status: "completed", holdsNonce: false }] })],
])("%s is found", (promise, one) => {
  const { broken, holds } = judge(one);
  expect(holds).toBe(false);
  expect(broken[promise as keyof typeof broken]).toEqual([one.ids[0] ?? "n1"]);
});

test("an end that two workers recorded is found", () => {
  expect(judge(history(), [["id1", 2]]).broken.ended_twice).toEqual(["id1"]);
});

test("a failure is an end, counted with its reason", () => {
  expect(judge(history({ seen: [{ status: "failed", errorCode: "gave_up" }] }))).toMatchObject({
    endings: { failed: 1 },
    reasons: { gave_up: 1 },
    holds: true,
  });
});

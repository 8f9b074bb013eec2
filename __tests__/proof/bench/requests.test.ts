import { beginRequest, completed } from "../../../bench/agents";
import type { ApiResponse } from "../../../scripts/kit/api-client";

const answer = (status: number, body: unknown): ApiResponse => ({ status, body, headers: new Headers() });

test("a request that is accepted has an id, and one that is not is an error with its answer", async () => {
  expect(await beginRequest({ invoke: async () => answer(202, { request_id: "a" }) }, "go")).toBe("a");
  await expect(
    beginRequest({ invoke: async () => answer(429, { message: "Too Many Requests" }) }, "go"),
  ).rejects.toThrow('The invocation was answered 429: {"message":"Too Many Requests"}; expected 202 with a request_id');
});

test("a request is asked about until it has completed", async () => {
  const states = ["queued", "processing", "completed"];
  const waits: number[] = [];
  const ended = await completed(
    { status: async () => answer(200, { status: states.shift(), result: "r" }) },
    "a",
    async (ms) => void waits.push(ms),
  );
  expect([ended, waits]).toEqual([{ status: "completed", result: "r" }, [500, 500]]);
});

test.each([
  ["failed", "failed"],
  ["expired", "expired"],
  ["nothing", undefined],
])("one that ends with %s is an error", async (_, status) => {
  await expect(completed({ status: async () => answer(200, { status }) }, "a")).rejects.toThrow(
    `Request a ended ${String(status)}; expected completed`,
  );
});

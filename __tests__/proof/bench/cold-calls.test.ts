import { authorizerCall, coldCalls, REQUEST_ID } from "../../../bench/cold-calls";
import { FUNCTIONS } from "../../../scripts/kit/package-functions";

test("every function has a call, and its queue is where its services are", () => {
  const calls = [...coldCalls("http://127.0.0.1:7"), authorizerCall("https://127.0.0.1:8", "a.b.c")];
  expect([...new Set(calls.map((call) => call.function))].sort()).toEqual(Object.keys(FUNCTIONS).sort());
  expect(
    calls.flatMap(({ environment }) => ("WORK_QUEUE_URL" in environment ? [environment["WORK_QUEUE_URL"]] : [])),
  ).toEqual(Array(4).fill("http://127.0.0.1:7/123456789012/work"));
  expect(JSON.stringify(calls.find(({ name }) => name === "worker")?.event)).toContain(REQUEST_ID);
});

import { creationOver, creationSeconds } from "../../../handlers/stores/creations";
import type { RequestRecord } from "../../../handlers/stores/requests";
import { NOW_MS } from "../fixtures";
import { accepted } from "./tables";

const request = accepted();
const existing: RequestRecord = {
  ...request,
  status: "completed",
  updatedAt: request.createdAt,
  sent: true,
  attempt: 1,
  requeues: 0,
};

test("the same request of the same moment is this very write, sent again", () => {
  expect(creationOver(existing, request)).toEqual({ outcome: "created" });
});

test("the same request of another moment is a repetition, and is told", () => {
  expect(creationOver(existing, { ...request, createdAt: new Date(NOW_MS + 1).toISOString() })).toEqual({
    outcome: "repeated",
    request: existing,
  });
});

test.each([{ owner: "other" }, { prompt: "other" }, { sessionId: "other" }, { sessionId: undefined }])(
  "a request with %p is another one, and nothing is told of what is there",
  (other) => {
    expect(creationOver(existing, { ...request, ...other })).toEqual({ outcome: "conflict" });
  },
);

test("the second of a creation is the one that has begun", () => {
  expect(creationSeconds({ ...request, createdAt: new Date(NOW_MS + 999).toISOString() })).toBe(NOW_MS / 1000);
});

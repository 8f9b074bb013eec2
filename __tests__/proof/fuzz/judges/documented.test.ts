import { publishedDocument } from "../../../../scripts/publish/openapi";
import { DocumentedAnswers } from "../documented";
import type { FuzzCase } from "../request";
import { STACK_DIRECTORY } from "../../../support/stack-json";

const documented = new DocumentedAnswers(publishedDocument(STACK_DIRECTORY, { authorization: "iam" }));
const fuzzed = (more: Partial<FuzzCase> = {}): FuzzCase => ({
  index: 0,
  operationId: "status",
  caller: 0,
  mutations: [],
  allowed: [404],
  malformed: false,
  canary: "c",
  request: { method: "GET", target: "/", headers: [], credentials: "good" },
  ...more,
});
const answer = (
  status: number,
  body: unknown,
  headers: [string, string][] = [["content-type", "application/json"]],
) => ({
  kind: "answer" as const,
  status,
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
  ms: 1,
});
const error = (code: string) => ({ error: { code, message: "x", gateway_request_id: "y" } });
const problems = (...given: Parameters<DocumentedAnswers["problems"]>) =>
  documented.problems(...given).map(({ kind, what }) => `${kind}: ${what}`);

test("an answer as documented has no problem", () =>
  expect(problems(fuzzed(), answer(404, error("request_not_found")))).toEqual([]));

test("a code of another status, a field more, a field less and no JSON are found", () => {
  expect(problems(fuzzed(), answer(404, error("invalid_request")))).toEqual([
    expect.stringMatching(/^schema: 404 whose body is not as documented: .*must be equal to one of the allowed values/),
  ]);
  expect(problems(fuzzed(), answer(404, { ...error("request_not_found"), stack: 1 }))).toEqual([
    "schema: 404 whose body is not as documented: the body must NOT have additional properties (stack)",
  ]);
  expect(problems(fuzzed(), answer(404, { error: { code: "request_not_found", message: "x" } }))).toEqual([
    expect.stringContaining("must have required property 'gateway_request_id'"),
  ]);
  expect(problems(fuzzed(), answer(404, "<html>"))).toEqual(["schema: 404 whose body is no JSON"]);
  expect(problems(fuzzed(), answer(404, error("request_not_found"), [["content-type", "text/html"]]))).toEqual([
    "schema: 404 with Content-Type text/html; documented: application/json",
  ]);
});

test("each state of a request has its own body: a completed one has a result", () => {
  const times = {
    created_at: "2026-11-21T12:00:00.000Z",
    updated_at: "2026-11-21T12:00:00.000Z",
    deadline: "2026-11-21T12:00:00.000Z",
  };
  const status = (more: object) =>
    problems(
      fuzzed({ allowed: [200] }),
      answer(200, { request_id: "0f6c2f0e-8a3b-4c57-9d0a-3f1f6f0c2b11", ...times, ...more }),
    );
  expect(status({ status: "queued" })).toEqual([]);
  expect(status({ status: "completed" })).toHaveLength(1);
  expect(status({ status: "queued", result: { agents: [], duration_ms: 1 } })).toHaveLength(1);
});

test("a status that is documented and was not to come is found, and 429 is always to be borne", () => {
  expect(
    problems(
      fuzzed(),
      answer(400, error("invalid_request"), [
        ["content-type", "application/json"],
        ["cache-control", "no-store"],
      ]),
    ),
  ).toEqual(["unexpected: 400; expected 404"]);
  expect(
    problems(
      fuzzed(),
      answer(429, error("throttled"), [
        ["content-type", "application/json"],
        ["cache-control", "no-store"],
      ]),
    ),
  ).toEqual(["header: 429 without Retry-After"]);
  expect(problems(fuzzed(), answer(405, error("x")))).toEqual([
    expect.stringMatching(/^undocumented: 405, which status does not document; documented: 200, 400, 403, 404/),
  ]);
});

test("noise may be refused by any 4xx, and HEAD has no body", () => {
  expect(problems(fuzzed({ malformed: true }), answer(431, ""))).toEqual([]);
  expect(
    problems(
      fuzzed({ allowed: [403], request: { ...fuzzed().request, method: "HEAD" } }),
      answer(403, "", [["cache-control", "no-store"]]),
    ),
  ).toEqual([]);
});

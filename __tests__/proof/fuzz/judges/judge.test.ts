import { publishedDocument } from "../../../../scripts/publish/openapi";
import { DocumentedAnswers } from "../documented";
import { judgeAnswer, TallyKeeper } from "../finding";
import type { WireAnswer } from "../raw-http";
import type { FuzzCase } from "../request";
import { STACK_DIRECTORY } from "../../../support/stack-json";

const judgement = {
  documented: new DocumentedAnswers(publishedDocument(STACK_DIRECTORY)),
  secrets: { marker: "mk", names: [] },
  ownerOf: new Map(),
  patienceMs: 1_000,
  isOpen: false,
};
const fuzzed = (more: Partial<FuzzCase> = {}): FuzzCase => ({
  index: 0,
  operationId: "health",
  caller: 0,
  mutations: ["x"],
  allowed: [200],
  malformed: false,
  canary: "c",
  request: { method: "GET", target: "/", headers: [], credentials: "none" },
  ...more,
});
const kinds = (answer: WireAnswer, more?: Partial<FuzzCase>) =>
  judgeAnswer(fuzzed(more), answer, judgement).map(({ kind }) => kind);
const answer = (status: number, body = "{}", ms = 1): WireAnswer => ({
  kind: "answer",
  status,
  headers: [["content-type", "application/json"]],
  body,
  ms,
});

test("no answer, a late one and a closed connection are found; noise may be hung up on", () => {
  expect([
    kinds({ kind: "hang", ms: 1 }),
    kinds(answer(200, "{}", 1_001)),
    kinds({ kind: "closed", reason: "ECONNRESET", ms: 1 }),
    kinds({ kind: "closed", reason: "ECONNRESET", ms: 1 }, { malformed: true }),
  ]).toEqual([["hang"], ["hang"], ["no_answer"], []]);
});

test("a fault of the service is one finding, with what it leaks", () => {
  expect(kinds(answer(500))).toEqual(["server_error"]);
  expect(kinds(answer(502, "at read (/var/task/x.js:1:1)"))).toContain("leak");
  expect(kinds(answer(505), { malformed: true })).toEqual([]);
  expect(kinds(answer(505))).toEqual(["server_error"]);
});

test("what callers sent is not for somebody without credentials", () =>
  expect(kinds(answer(200, '{"x":"mk-0-1"}'))).toContain("leak"));

test("requests are counted by route, by what came and by what was to come", () => {
  const keeper = new TallyKeeper();
  keeper.add(fuzzed(), answer(200));
  keeper.add(fuzzed({ operationId: "invoke", allowed: [400] }), { kind: "hang", ms: 1 });
  keeper.add(fuzzed({ allowed: [200, 403] }), answer(200));
  keeper.add(fuzzed({ malformed: true, mutations: ["y"] }), { kind: "closed", reason: "", ms: 1 });
  expect(keeper.tally).toEqual({
    requests: 4,
    byRoute: { health: { 200: 2, closed: 1 }, invoke: { hang: 1 } },
    byExpectation: { accepted: 1, refused: 1, either: 1, malformed: 1 },
    mutations: 2,
  });
});

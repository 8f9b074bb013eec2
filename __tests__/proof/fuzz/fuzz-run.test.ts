import { runFuzz, type FuzzRunOptions } from "./fuzz-run";
import type { FindingKind } from "./finding";
import { systematicCases } from "./generate";
import { leaksInLog } from "./leaks";
import { seededRandom } from "../../../scripts/kit/random";
import { publishedDocument } from "../../../scripts/publish/openapi";
import { startMemoryApi, type Meddle } from "../../support/memory-api";
import { STACK_DIRECTORY } from "../../support/stack-json";
import { holdTimers } from "../../scripts/emulator/fixtures";

const document = publishedDocument(STACK_DIRECTORY, { authorization: "iam" });

async function fuzzed(meddle?: Meddle, options: Partial<FuzzRunOptions> = {}) {
  const api = await startMemoryApi(meddle);
  try {
    const callers = api.callers.map((credentials) => ({ kind: "iam" as const, credentials }));
    const report = await runFuzz({
      url: api.url,
      region: "us-east-1",
      document,
      callers,
      names: ["quickturn-dev-requests"],
      requests: 150,
      concurrency: 4,
      random: seededRandom(1),
      marker: "qtfuzz",
      signal: new AbortController().signal,
      ...options,
    });
    return { ...report, log: api.log };
  } finally {
    await api.stop();
  }
}

const kinds = ({ findings }: { readonly findings: readonly { readonly kind: FindingKind }[] }) =>
  [...new Set(findings.map(({ kind }) => kind))].sort();
const json = (status: number, value: unknown, headers: [string, string][] = []) => ({
  status,
  headers: [["Content-Type", "application/json"], ...headers] as [string, string][],
  body: Buffer.from(JSON.stringify(value)),
});
const text = (answer: { readonly body: Buffer }) => answer.body.toString();

test("the API keeps its document: every kind of change on every route, and what is drawn after it, yields no finding", async () => {
  const systematic = systematicCases({ document, callers: 2, proof: "iam" });
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await fuzzed(undefined, { requests: systematic + 300, random: seededRandom(seed) });
  expect({ seed, findings: report.findings }).toEqual({ seed, findings: [] });
  expect(report.tally.requests).toBe(systematic + 300);
  expect(systematic).toBeGreaterThan(450);
  expect(report.ended).toBeGreaterThanOrEqual(report.accepted);
  for (const [route, statuses] of Object.entries({
    invoke: ["202", "400", "403", "413", "415", "422"],
    status: ["200", "400", "403", "404", "414"],
    health: ["200", "403"],
  })) {
    expect(Object.keys(report.tally.byRoute[route] ?? {})).toEqual(expect.arrayContaining(statuses));
  }
  expect(report.log.length).toBeGreaterThan(100);
  expect(leaksInLog("log", report.log.join("\n"), { marker: "qtfuzz", names: ["alice-secret"] })).toEqual([]);
});

describe("an API that breaks its promises is found out", () => {
  test("where it answers 500 to a header, with the request that shows it", async () => {
    const report = await fuzzed(
      (request, answer) =>
        request.header("x-forwarded-host") === undefined
          ? answer
          : json(500, { error: { code: "internal_error", message: "x", gateway_request_id: "y" } }),
      { requests: 700 },
    );
    expect(kinds(report)).toEqual(["server_error"]);
    expect(report.findings.map(({ reproduction }) => reproduction?.mutations)).toContainEqual([
      "header: X-Forwarded-Host",
    ]);
    expect(report.findings[0]).toMatchObject({
      what: "500; a request never leads to a fault of the service",
      reproduction: { headers: expect.arrayContaining([["X-Forwarded-Host", "other.example"]]) as unknown },
    });
  });

  test("where it shows a caller what another one sent", async () => {
    let last = "";
    const report = await fuzzed((_request, answer) => {
      const shown =
        last !== "" && text(answer).includes('"status":"completed"')
          ? { ...answer, body: Buffer.from(text(answer).replace(/You said: [^"]*/, last)) }
          : answer;
      last = /You said: [^"]*/.exec(text(answer))?.[0] ?? last;
      return shown;
    });
    expect(kinds(report)).toContain("leak");
    expect(report.findings.some(({ what }) => what === "200 with what another caller sent")).toBe(true);
  });

  test.each([
    ["a stack", "Error: x\n    at read (/var/task/api.js:1:2)", "400 with a stack trace"],
    ["a table", "no such item in quickturn-dev-requests", "400 with the name quickturn-dev-requests"],
    ["an ARN", "arn:aws:sqs:us-east-1:123456789012:x", "400 with an ARN"],
  ])("where an error shows %s", async (_what, message, found) => {
    const report = await fuzzed((_request, answer) =>
      answer.status === 400
        ? json(400, { error: { code: "invalid_request", message, gateway_request_id: "y" } }, [
            ["Cache-Control", "no-store"],
          ])
        : answer,
    );
    expect(report.findings.map(({ what }) => what)).toContain(found);
    expect(kinds(report)).toEqual(["leak"]);
  });

  test("where it repeats in a refusal what was sent", async () => {
    const report = await fuzzed((request, answer) =>
      answer.status === 400
        ? json(
            400,
            { error: { code: "invalid_request", message: request.body.toString() || "x", gateway_request_id: "y" } },
            [["Cache-Control", "no-store"]],
          )
        : answer,
    );
    expect(report.findings.map(({ what }) => what)).toContain("400 with what was sent");
  });

  test("where it never answers", async () => {
    holdTimers();
    const hang = () => {
      setImmediate(() => jest.advanceTimersByTime(3_600_000));
      return new Promise<never>(() => undefined);
    };
    const meddle: Meddle = (request, answer) => (["PUT", "PATCH", "DELETE"].includes(request.method) ? hang() : answer);
    const report = await fuzzed(meddle, { patienceMs: 3_600_000, concurrency: 1 }).finally(() => jest.useRealTimers());
    expect(kinds(report)).toEqual(["hang"]);
    expect(report.findings[0]).toMatchObject({
      what: "no answer within 3600 s",
      reproduction: { mutations: [expect.stringMatching(/^method: (PUT|PATCH|DELETE)$/)] },
    });
  });

  test("where it answers a status, a body or a header that its document does not have", async () => {
    const status = await fuzzed((_request, answer) => (answer.status === 400 ? { ...answer, status: 418 } : answer));
    expect(kinds(status)).toEqual(["undocumented"]);
    expect(status.findings[0]).toMatchObject({
      kind: "undocumented",
      what: expect.stringMatching(/^418, which \w+ does not document; documented: /) as unknown,
    });
    const body = await fuzzed((_request, answer) =>
      answer.status === 202
        ? { ...answer, body: Buffer.from(JSON.stringify({ ...(JSON.parse(text(answer)) as object), worker: 1 })) }
        : answer,
    );
    expect(body.findings[0]).toMatchObject({
      kind: "schema",
      what: "202 whose body is not as documented: the body must NOT have additional properties (worker)",
    });
    const header = await fuzzed((_request, answer) =>
      answer.status === 400
        ? { ...answer, headers: answer.headers.filter(([name]) => name !== "Cache-Control") }
        : answer,
    );
    expect(header.findings[0]).toMatchObject({ kind: "header", what: "400 without Cache-Control" });
  });

  test("where it accepts what it must refuse", async () => {
    let good: Awaited<ReturnType<Meddle>> | undefined;
    const report = await fuzzed((request, answer) => {
      if (answer.status === 202) good = answer;
      return request.body.includes("prompt") && answer.status === 400 && good ? good : answer;
    });
    expect(report.findings.some(({ kind, what }) => kind === "unexpected" && what === "202; expected 400")).toBe(true);
  });

  test("where what it accepted never ends, and where it does nothing any more after the run", async () => {
    const open = (answer: { readonly body: Buffer }) =>
      json(200, { ...(JSON.parse(text(answer)) as object), status: "processing", result: undefined });
    const report = await fuzzed(
      (_request, answer) =>
        text(answer).includes('"status":"completed"') && answer.status === 200 ? open(answer) : answer,
      { requests: 3, endPatienceMs: 0 },
    );
    expect(kinds(report)).toEqual(["poisoned", "unfinished"]);
  });
});

test("of several changes the one that shows the problem is told", async () => {
  const systematic = systematicCases({ document, callers: 2, proof: "iam" });
  const drawn: number[] = [];
  const report = await fuzzed(
    (request, answer) => (request.header("origin") === undefined ? answer : { ...answer, status: 500 }),
    { requests: systematic + 400 },
  );
  for (const { kind, reproduction } of report.findings)
    if (kind === "server_error" && reproduction && reproduction.index >= systematic)
      drawn.push(reproduction.mutations.length);
  expect(drawn.length).toBeGreaterThan(0);
  expect(new Set(drawn)).toEqual(new Set([1]));
});

test("an API that accepts nothing is told at once, with what to check", async () => {
  await expect(fuzzed(() => json(403, { error: {} }))).rejects.toThrow(
    'A valid request of caller 1 was answered 403 {"error":{}} instead of 202. Check --url and the credentials',
  );
});

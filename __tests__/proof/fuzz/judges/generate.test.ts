import { publishedDocument } from "../../../../scripts/publish/openapi";
import { WRONG_CREDENTIALS } from "../caller-proof";
import { generateCases, systematicCases, type Source } from "../generate";
import type { FuzzCase } from "../request";
import { seededRandom } from "../../../../scripts/kit/random";
import { STACK_DIRECTORY } from "../../../support/stack-json";

const document = publishedDocument(STACK_DIRECTORY, { authorization: "iam" });
const cases = (seed: number, more: Partial<Source> = {}): FuzzCase[] => [
  ...generateCases({
    document,
    random: seededRandom(seed),
    requests: 1_500,
    callers: 2,
    proof: "iam",
    marker: "m",
    ...more,
  }),
];
const plain = (list: readonly FuzzCase[]) =>
  JSON.stringify(
    list.map(({ request, simpler: _simpler, ...rest }) => ({
      ...rest,
      ...request,
      body: request.body && [...request.body.subarray(0, 200)].join(),
    })),
  );
const named = (list: readonly FuzzCase[], part: RegExp) =>
  list.filter(({ mutations }) => mutations.length === 1 && part.test(mutations[0]!));

test("the same seed makes the same cases, another one others", () => {
  expect(plain(cases(7, { requests: 700 }))).toBe(plain(cases(7, { requests: 700 })));
  expect(plain(cases(7, { requests: 700 }))).not.toBe(plain(cases(8, { requests: 700 })));
});

test("each route comes as it should be, then each mutation alone, and then some together", () => {
  const all = cases(1);
  const systematic = systematicCases({ document, callers: 2, proof: "iam", marker: "m" });
  expect(
    all
      .slice(0, 3)
      .map(({ operationId, mutations, allowed }) => [operationId, mutations, allowed])
      .sort(),
  ).toEqual([
    ["health", [], [200]],
    ["invoke", [], [202]],
    ["status", [], [200]],
  ]);
  expect(all.slice(3, systematic).every(({ mutations }) => mutations.length === 1)).toBe(true);
  expect(
    new Set(all.slice(3, systematic).map(({ operationId, mutations }) => `${operationId} ${mutations[0]}`)).size,
  ).toBe(systematic - 3);
  const drawn = all.slice(systematic);
  expect(new Set(drawn.map(({ mutations }) => mutations.length))).toEqual(new Set([0, 1, 2, 3]));
  expect(
    drawn.some(({ simpler }) => simpler !== undefined && simpler().every(({ mutations }) => mutations.length === 1)),
  ).toBe(true);
});

test("a request that must be refused is allowed no success, whatever else is done to it", () => {
  const bad = cases(3).filter(({ mutations }) =>
    mutations.some((name) => /^body: (prompt twice|__proto__|NUL)/.test(name)),
  );
  expect(bad.length).toBeGreaterThan(5);
  for (const { allowed } of bad) expect(Math.min(...allowed)).toBeGreaterThanOrEqual(400);
});

test("what is allowed is documented, but for what no HTTP server has to understand", () => {
  const statuses = new Map(
    Object.values(document.paths)
      .flatMap((methods) => Object.values(methods))
      .map(({ operationId, responses }) => [operationId, Object.keys(responses).map(Number)]),
  );
  for (const { operationId, allowed, malformed } of cases(1))
    if (!malformed) expect(allowed.some((status) => statuses.get(operationId)?.includes(status))).toBe(true);
});

test("the schemas' limits are broken on each side, and so is every type", () => {
  const names = named(cases(1), /^(schema|Idempotency-Key|request_id): /).map(({ mutations }) => mutations[0]);
  expect(names).toEqual(
    expect.arrayContaining([
      "schema: no prompt",
      "schema: a null for a object",
      "schema: prompt: a array for a string",
      "schema: prompt: a text of 32769 characters",
      'schema: prompt: the text ""',
      "schema: session_id: a text of 65 characters",
      "schema: the further field max_tokens",
      'request_id: the text "*"',
      "Idempotency-Key: a text of 300 characters",
    ]),
  );
});

test("canaries name their caller, and stand in what is sent", () => {
  for (const { caller, canary, mutations, request, operationId } of cases(2)) {
    expect(canary).toMatch(new RegExp(`^m-${caller}-\\d+$`));
    if (mutations.length === 0 && operationId === "invoke")
      expect(new TextDecoder().decode(request.body)).toContain(canary);
  }
});

test("with one caller nothing asks for another's, and where anybody may call no credentials are wrong", () => {
  const alone = cases(1, { callers: 1 });
  expect(alone.some(({ request }) => request.target.includes("/status/{other}"))).toBe(false);
  expect(named(cases(1, { proof: "anonymous" }), /^credentials: /).every(({ allowed }) => allowed[0]! < 300)).toBe(
    true,
  );
});

test.each(["iam", "key", "token"] as const)(
  "of an API whose callers prove who they are by %s each wrong proof is sent on both routes, and must be refused",
  (proof) => {
    const sent = named(cases(1, { proof }), /^credentials: /);
    expect([...new Set(sent.map(({ operationId, mutations }) => `${operationId} ${mutations[0]}`))].sort()).toEqual(
      WRONG_CREDENTIALS[proof].flatMap((kind) => [`invoke credentials: ${kind}`, `status credentials: ${kind}`]).sort(),
    );
    expect(sent.every(({ allowed }) => allowed[0]! >= 400)).toBe(true);
  },
);

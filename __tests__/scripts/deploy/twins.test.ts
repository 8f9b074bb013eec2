import fc from "fast-check";
import {
  LOOKED_FOR,
  deletion,
  mappingName,
  twins,
  wantedOf,
  type Held,
  type LookedFor,
} from "../../../scripts/deploy/twins";
import { OURS, made, planOf } from "./adoption-plans";

const api = (id: string, more: Partial<Held> = {}): Held => ({
  type: "aws_api_gateway_rest_api",
  id,
  name: "q-dev-api",
  tags: OURS,
  createdAtSeconds: 0,
  ...more,
});
const PLANNED = { name: "q-dev-api", tags_all: OURS };
const MAKES = planOf(made("aws_api_gateway_rest_api.rest", PLANNED));
const HOLDS = planOf({
  address: "aws_api_gateway_rest_api.rest",
  actions: ["no-op"],
  before: { id: "known" },
  after: PLANNED,
});

test("of what a plan makes, and of what it holds and could be there twice, each is wanted by what it is called", () => {
  const QUEUE = "arn:aws:sqs:us-east-1:1:work";
  const plan = planOf(
    made("aws_api_gateway_rest_api.r", PLANNED),
    made("aws_cloudfront_distribution.d", { comment: "q-dev-api" }),
    made("aws_lambda_event_source_mapping.known", {
      event_source_arn: QUEUE,
      function_name: "arn:aws:lambda:us-east-1:1:function:q-dev-worker:live",
    }),
    // Its queue is still to be made: then it cannot be there.
    made("aws_lambda_event_source_mapping.unknown", { function_name: "q-dev-worker" }),
    made("aws_lambda_permission.p", { function_name: "q-dev-api", qualifier: "live", statement_id: "s" }),
    made("aws_iam_role.r", { name: "refused at once" }),
    { address: "aws_api_gateway_api_key.k", actions: ["no-op"], before: { id: "k" }, after: { name: "q-dev-alice" } },
    {
      address: "aws_lambda_function.f",
      actions: ["update"],
      before: { id: "f" },
      after: { function_name: "q-dev-api" },
    },
    { address: "aws_api_gateway_usage_plan.gone", actions: ["delete"], before: { id: "u" } },
  );
  const wanted = [
    { type: "aws_api_gateway_rest_api", name: "q-dev-api" },
    { type: "aws_cloudfront_distribution", name: "q-dev-api" },
    { type: "aws_lambda_event_source_mapping", name: `${QUEUE} q-dev-worker` },
    { type: "aws_lambda_permission", name: "q-dev-api:live/s" },
  ];
  expect(wantedOf(plan, "made")).toEqual(wanted);
  expect(wantedOf(plan, "all")).toEqual([...wanted, { type: "aws_api_gateway_api_key", name: "q-dev-alice" }]);
});

test("a mapping is called the same whether its function is named, or addressed by alias or version", () => {
  const [name, ...arns] = [
    "q-dev-worker",
    "arn:aws:lambda:us-east-1:1:function:q-dev-worker:live",
    "arn:aws:lambda:us-east-1:1:function:q-dev-worker:7",
    "arn:aws:lambda:us-east-1:1:function:q-dev-worker",
  ];
  for (const arn of arns) expect(mappingName("queue", arn)).toBe(mappingName("queue", name!));
});

test("what is planned to be made and is there is imported: the oldest, and the others are surplus", () => {
  const held = [
    api("young", { createdAtSeconds: 9 }),
    api("old", { createdAtSeconds: 5 }),
    api("other's", { tags: { ...OURS, "quickturn:name": "other" } }),
    api("another name", { name: "x" }),
  ];
  expect(twins(MAKES, held)).toEqual({
    imports: [{ to: "aws_api_gateway_rest_api.rest", id: "old" }],
    surplus: [held[0]],
  });
});

test("once it is to be imported nothing is left to find", () => {
  const imported = planOf({
    address: "aws_api_gateway_rest_api.rest",
    actions: ["update"],
    before: { id: "old" },
    after: PLANNED,
    importing: "old",
  });
  expect(twins(imported, [api("old")])).toEqual({ imports: [], surplus: [] });
});

test("a function is found though its role, which terraform knows, has the same id", () => {
  const plan = planOf(
    { address: "aws_iam_role.r", actions: ["no-op"], before: { id: "q-dev-api" }, after: { name: "q-dev-api" } },
    made("aws_lambda_function.f", { function_name: "q-dev-api", tags_all: OURS }),
  );
  expect(twins(plan, [api("q-dev-api", { type: "aws_lambda_function" })]).imports).toEqual([
    { to: "aws_lambda_function.f", id: "q-dev-api" },
  ]);
});

test("beside the one that terraform knows a second one is surplus, and is not imported", () => {
  expect(twins(HOLDS, [api("known"), api("second")])).toEqual({ imports: [], surplus: [api("second")] });
});

test("one whose tags the list does not say is imported: the plan shows them", () => {
  const untagged: Held = { type: "aws_cloudfront_distribution", id: "d", name: "q-dev-api", createdAtSeconds: 0 };
  expect(
    twins(planOf(made("aws_cloudfront_distribution.edge[0]", { comment: "q-dev-api", tags_all: OURS })), [untagged])
      .imports,
  ).toEqual([{ to: "aws_cloudfront_distribution.edge[0]", id: "d" }]);
});

test("whatever is held, in whatever order: never imported is what the plan knows, and nothing is both imported and surplus", () => {
  const held = fc
    .uniqueArray(fc.record({ id: fc.stringMatching(/^[a-z]{1,3}$/), createdAtSeconds: fc.nat(3) }), {
      selector: ({ id }) => id,
    })
    .map((ones) => ones.map(({ id, createdAtSeconds }) => api(id, { createdAtSeconds })));
  fc.assert(
    fc.property(held, fc.boolean(), (ones, makes) => {
      const { imports, surplus } = twins(makes ? MAKES : HOLDS, ones);
      const [found, reversed] = [twins(makes ? MAKES : HOLDS, ones), twins(makes ? MAKES : HOLDS, [...ones].reverse())];
      expect(reversed).toEqual(found);
      expect(imports).toHaveLength(makes && ones.length > 0 ? 1 : 0);
      const all = [...imports, ...surplus].map(({ id }) => id).sort();
      expect(all).toEqual(
        ones
          .map(({ id }) => id)
          .filter((id) => makes || id !== "known")
          .sort(),
      );
    }),
  );
});

test("of each that can be there twice a command deletes one by its id; a function cannot be", () => {
  const commands = LOOKED_FOR.slice(0, 5).map((type: LookedFor) => deletion({ type, id: "x1" }));
  for (const command of commands) expect(command).toMatch(/^aws (apigateway|cloudfront|lambda) delete-.* x1/);
  expect(() => deletion({ type: "aws_lambda_function", id: "f" })).toThrow(
    "There cannot be a second aws_lambda_function f",
  );
});

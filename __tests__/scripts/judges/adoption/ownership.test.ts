import { refusedImports } from "../../../../scripts/judges/adoption/ownership";
import { OURS, made, planOf, type Change } from "./plans";

const imported = (address: string, tags: unknown, actions: readonly string[] = ["no-op"]): Change => ({
  address,
  actions,
  before: { id: "there", tags_all: tags },
  after: { tags_all: OURS },
  importing: "there",
});

test("what carries this deployment's tags is taken over, whatever its other tags", () => {
  expect(refusedImports(planOf(imported("aws_iam_role.a", { ...OURS, team: "others" }, ["update"])))).toEqual([]);
});

test("another deployment's, and one without our tags, is refused with what its tags say", () => {
  expect(
    refusedImports(
      planOf(
        imported("aws_iam_role.a", { ...OURS, "quickturn:environment": "prod" }),
        imported("aws_dynamodb_table.t", { team: "x" }),
      ),
    ),
  ).toEqual([
    {
      address: "aws_iam_role.a",
      id: "there",
      reason:
        'its tags say that it is not this deployment\'s: quickturn:environment is "prod", and this deployment\'s is "dev"',
    },
    {
      address: "aws_dynamodb_table.t",
      id: "there",
      reason:
        'its tags say that it is not this deployment\'s: quickturn:name is not there, and this deployment\'s is "quickturn"; quickturn:environment is not there, and this deployment\'s is "dev"',
    },
  ]);
});

test("a bucket is tagged in a second call: one without tags is taken over, one with another deployment's is not", () => {
  expect(refusedImports(planOf(imported("aws_s3_bucket.b", {})))).toEqual([]);
  expect(refusedImports(planOf(imported("aws_s3_bucket.b", { ...OURS, "quickturn:name": "other" })))).toHaveLength(1);
});

test("what would be destroyed for it is refused; a permission holds nothing", () => {
  expect(refusedImports(planOf(imported("aws_dynamodb_table.t", OURS, ["delete", "create"])))).toEqual([
    {
      address: "aws_dynamodb_table.t",
      id: "there",
      reason: "it differs in what cannot be changed in place, so terraform would destroy it and make another",
    },
  ]);
  expect(
    refusedImports(
      planOf({
        address: "aws_lambda_permission.p",
        actions: ["delete", "create"],
        before: { id: "p" },
        after: {},
        importing: "f/p",
      }),
    ),
  ).toEqual([]);
});

test("what is not imported is nobody's business here, and a type without tags has none to compare", () => {
  expect(
    refusedImports(
      planOf(made("aws_iam_role.a", { tags_all: OURS }), {
        address: "aws_lambda_alias.l",
        actions: ["no-op"],
        before: { id: "l" },
        after: { name: "live" },
        importing: "f/live",
      }),
    ),
  ).toEqual([]);
});

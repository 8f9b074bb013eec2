import { ownersTags, plannedResources, plannedVariable } from "../../../../scripts/judges/adoption/planned";
import { OURS, made, planOf } from "./plans";

test("a plan's managed resources come with what was, what is to be, and what they are imported from", () => {
  const plan = planOf(
    made("aws_iam_role.api", { name: "a" }),
    { address: "aws_iam_role.worker", actions: ["no-op"], before: { id: "w" }, after: { name: "w" }, importing: "w" },
    { address: "aws_iam_role.old", actions: ["create", "delete"], before: { id: "o" }, after: { name: "n" } },
    { address: "aws_iam_role.gone", actions: ["delete"], before: { id: "g" } },
  );
  (plan as { resource_changes: unknown[] }).resource_changes.push({
    address: "data.aws_region.current",
    type: "aws_region",
    mode: "data",
    change: { actions: ["read"], before: null, after: {} },
  });
  expect(plannedResources(plan)).toEqual([
    { address: "aws_iam_role.api", type: "aws_iam_role", before: undefined, after: { name: "a" }, action: "create" },
    {
      address: "aws_iam_role.worker",
      type: "aws_iam_role",
      before: { id: "w" },
      after: { name: "w" },
      action: "other",
      importId: "w",
    },
    { address: "aws_iam_role.old", type: "aws_iam_role", before: { id: "o" }, after: { name: "n" }, action: "replace" },
    { address: "aws_iam_role.gone", type: "aws_iam_role", before: { id: "g" }, after: undefined, action: "other" },
  ]);
  expect(plannedResources({})).toEqual([]);
});

test("a variable is its value where that is a string", () => {
  expect(["aws_region", "memory_size", "none"].map((name) => plannedVariable(planOf(), name))).toEqual([
    "eu-central-1",
    undefined,
    undefined,
  ]);
});

test("whose a resource is, two tags say; the others do not matter", () => {
  expect(ownersTags({ tags_all: OURS })).toEqual({ "quickturn:name": "quickturn", "quickturn:environment": "dev" });
  expect(ownersTags({ name: "an alias has no tags" })).toEqual({});
});

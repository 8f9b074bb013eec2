import { changedResources, type Attributes, type PlanResource } from "../plan-resources";
import type { FindingSource } from "./finding";
import { isAnybody, statementsOf } from "./policy";

/**
 * Changes after which anybody on the Internet, or in AWS, may come in. What was open before and stays as it is is not
 * named.
 */
export const exposureFindings: FindingSource = (plan) =>
  changedResources(plan).flatMap((resource) => {
    const before = new Set(exposures(resource, resource.change.before));
    const now = exposures(resource, resource.change.after).filter((text) => !before.has(text));
    return [...new Set(now)].map((text) => ({ severity: "critical" as const, address: resource.address, text }));
  });

const PUBLIC_ACCESS_BLOCKS = [
  "block_public_acls",
  "block_public_policy",
  "ignore_public_acls",
  "restrict_public_buckets",
];

function exposures({ type }: PlanResource, attributes: Attributes | null): string[] {
  if (type === "aws_s3_bucket_public_access_block") return bucketExposures(attributes);
  if (!attributes) return [];
  const own: string[] = [];
  if (
    type === "aws_lambda_permission" &&
    attributes["principal"] === "*" &&
    !attributes["source_account"] &&
    !attributes["principal_org_id"]
  )
    own.push("Anybody may call the function: its principal is *. Name a service or an account.");
  if (type === "aws_lambda_function_url" && attributes["authorization_type"] === "NONE")
    own.push("Anybody who finds the URL may call the function: authorization_type is NONE. Use AWS_IAM.");
  const open = statementsOf(attributes).filter(
    ({ effect, principals, hasCondition }) => effect === "Allow" && !hasCondition && principals.some(isAnybody),
  );
  return [
    ...own,
    ...open.map(
      ({ actions }) => `Anybody in AWS may ${actions.join(", ")}: the principal is * and there is no condition.`,
    ),
  ];
}

function bucketExposures(attributes: Attributes | null): string[] {
  if (!attributes) return ["Nothing keeps the bucket from becoming public any more: its public access block goes."];
  const off = PUBLIC_ACCESS_BLOCKS.filter((name) => attributes[name] === false);
  return off.length === 0
    ? []
    : [`The bucket may become public: ${off.join(", ")} ${off.length === 1 ? "is" : "are"} false. Allowed: true.`];
}

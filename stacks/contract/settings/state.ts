import { deploymentSettings } from "./deployment";
import { KEY_ARN } from "./encryption";
import type { Setting } from "./setting";

type Deployment = (typeof deploymentSettings)[number];
const IDENTITY_NAMES = ["name", "environment", "aws_region", "tags"] as const;

/** The settings of a deployment that every stack has. */
export const identitySettings = deploymentSettings.filter(
  (setting): setting is Extract<Deployment, { readonly name: (typeof IDENTITY_NAMES)[number] }> =>
    (IDENTITY_NAMES as readonly string[]).includes(setting.name),
);

/** The bucket and the key of the state, which two stacks must get alike. */
export const stateBucketSettings = [
  {
    name: "state_bucket_name",
    type: "string",
    description: "Name of the bucket of Terraform's state; null = made from name, environment, account and region.",
    value: null,
    pattern: {
      expression: "^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
      meaning: "3 to 63 lower-case letters, digits and hyphens",
    },
    effect: "identity",
  },
  {
    name: "kms_key_arn",
    type: "string",
    description: "ARN of the KMS key that encrypts the state; null = S3's own keys.",
    value: null,
    pattern: KEY_ARN,
    effect: "in place",
  },
] as const satisfies readonly Setting[];

/** Everything that an operator may change in the stack `state`. */
export const STATE_SETTINGS = [
  ...identitySettings,
  ...stateBucketSettings,
  {
    name: "state_retention_in_days",
    type: "number",
    unit: "days",
    description: "How long a version of the state is kept after another has replaced it.",
    value: 90,
    minimum: 1,
    maximum: 3650,
    effect: "in place",
  },
] as const satisfies readonly Setting[];

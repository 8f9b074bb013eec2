import { canaryNeedsPin, weightedAliasIsNotProvisioned } from "../settings/compute";
import { deploymentSettings } from "../settings/deployment";
import { numberBetween, takeSetting, type Part } from "../settings/setting";

/** Lambda's rule for the name of a function. */
export const FUNCTION_NAME_PATTERN = {
  expression: "^[A-Za-z0-9_-]{1,64}$",
  meaning: "1 to 64 letters, digits, hyphens and underscores: the name, not the ARN",
} as const;

/** An alias over a function that somebody else makes. It takes no tags: an alias has none. */
export const liveAliasPart = {
  name: "live-alias",
  settings: [
    takeSetting(deploymentSettings, "aws_region"),
    {
      name: "function_name",
      type: "string",
      description: "Name of the function.",
      required: true,
      pattern: FUNCTION_NAME_PATTERN,
      effect: "identity",
    },
    {
      name: "newest_version",
      type: "string",
      description:
        "Newest published version of the function: aws_lambda_function.<name>.version, of a function with " +
        "publish = true.",
      required: true,
      // $LATEST takes neither weights nor provisioned concurrency.
      pattern: {
        expression: "^[1-9][0-9]*$",
        meaning: "a published version's number, such as 7; set publish = true at the function",
      },
      effect: "alias",
    },
    {
      name: "alias_name",
      type: "string",
      description: "Name of the alias: what callers and event sources call.",
      value: "live",
      pattern: {
        expression: "^[A-Za-z_-][A-Za-z0-9_-]{0,127}$",
        meaning: "1 to 128 letters, digits, hyphens and underscores, not from a digit",
      },
      effect: "identity",
    },
    {
      name: "live_version",
      ...numberBetween(1, 1_000_000, "version"),
      description: "Version that is live; null = the newest.",
      value: null,
      effect: "alias",
    },
    {
      name: "canary_weight",
      ...numberBetween(0, 1, "share"),
      fractional: true,
      description: "Share of the traffic that goes to the newest version while live_version keeps the rest.",
      value: 0,
      effect: "alias",
      rules: [
        canaryNeedsPin("canary_weight", "live_version"),
        weightedAliasIsNotProvisioned(
          "canary_weight",
          "provisioned_concurrent_executions",
          "var.provisioned_concurrent_executions",
        ),
      ],
    },
    {
      name: "provisioned_concurrent_executions",
      ...numberBetween(0, 1000, "executions"),
      description: "How many executions are kept initialized, at a price; 0 = none.",
      value: 0,
      effect: "minutes",
    },
  ],
  outputs: {
    alias_arn: "ARN of the alias: what event sources and permissions name.",
    alias_name: "Name of the alias.",
    invoke_arn: "ARN by which API Gateway calls the alias.",
    live_version: "Version behind the alias.",
  },
} as const satisfies Part;

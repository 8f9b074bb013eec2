import { apiSettings, cacheNeedsCluster } from "../settings/api";
import { deploymentSettings } from "../settings/deployment";
import { takeSetting, type Part } from "../settings/setting";

/** API Gateway's rule for the name of a stage. */
export const STAGE_NAME_PATTERN = {
  expression: "^[A-Za-z0-9_-]{1,128}$",
  meaning: "1 to 128 letters, digits, hyphens and underscores",
} as const;

/** A stage over a REST API and a deployment that somebody else makes. */
export const cachedApiStagePart = {
  name: "cached-api-stage",
  settings: [
    takeSetting(deploymentSettings, "aws_region"),
    takeSetting(deploymentSettings, "tags"),
    {
      name: "rest_api_id",
      type: "string",
      description: "Identifier of the REST API: aws_api_gateway_rest_api.<name>.id.",
      required: true,
      pattern: {
        expression: "^[a-z0-9]{1,32}$",
        meaning: "an API's identifier, such as a1b2c3d4e5: not its name, not its ARN",
      },
      effect: "identity",
    },
    {
      name: "deployment_id",
      type: "string",
      description: "What of the API is published: aws_api_gateway_deployment.<name>.id.",
      required: true,
      pattern: { expression: "^[a-z0-9]{1,32}$", meaning: "a deployment's identifier, such as a1b2c3" },
      effect: "stage",
    },
    {
      name: "stage_name",
      type: "string",
      description: "Name of the stage, the first part of its URL's path.",
      value: "live",
      pattern: STAGE_NAME_PATTERN,
      effect: "identity",
    },
    {
      name: "cached_resource_path",
      type: "string",
      description: "Path of the resource whose answers are cached, as the API writes it: /status/{request_id}.",
      required: true,
      pattern: {
        expression: "^/[^~\\\\s]*$",
        meaning: "a path from /, with its parameters in braces, such as /status/{request_id}",
      },
      effect: "stage",
    },
    {
      name: "cached_http_method",
      type: "string",
      description: "HTTP method of it that is cached.",
      value: "GET",
      allowed: ["GET", "HEAD", "OPTIONS"],
      effect: "stage",
    },
    {
      name: "cache_enabled",
      type: "bool",
      effect: "stage",
      description:
        "Serves repeated calls of that method from the cache. The fast switch: seconds, and the cluster stays.",
      value: true,
    },
    {
      name: "cache_cluster_enabled",
      type: "bool",
      effect: "minutes",
      description:
        "Keeps the cache cluster, which is billed by the hour whether it is used or not. The slow switch: about " +
        "four minutes, and all entries are lost.",
      value: true,
      rules: [cacheNeedsCluster("var.cache_cluster_enabled", "var.cache_enabled")],
    },
    takeSetting(apiSettings, "cache_cluster_size"),
    {
      ...takeSetting(apiSettings, "cache_ttl_in_seconds"),
      description: "How long an answer is served from the cache; 0 = not at all.",
    },
    takeSetting(apiSettings, "throttling_rate_limit"),
    takeSetting(apiSettings, "throttling_burst_limit"),
    {
      name: "access_log_group_name",
      type: "string",
      description:
        "Name of the access log's group, which this makes; null = /aws/apigateway/<rest_api_id>/<stage_name>/access.",
      value: null,
      pattern: { expression: "^[A-Za-z0-9_./#-]{1,512}$", meaning: "1 to 512 letters, digits and _ . / # -" },
      effect: "identity",
    },
    takeSetting(deploymentSettings, "log_retention_in_days"),
  ],
  outputs: {
    access_log_group_name: "Name of the access log's group.",
    execution_arn: "ARN that a permission or a policy names to allow calls of this stage.",
    invoke_url: "URL of the stage, without a route.",
    stage_arn: "ARN of the stage, by which a web ACL is attached.",
    stage_name: "Name of the stage.",
  },
} as const satisfies Part;

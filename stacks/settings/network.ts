import type { Setting } from "./setting";

/**
 * API Gateway takes a resource policy of 8,192 bytes (API Gateway quotas); an endpoint's id has 22 characters, and what
 * stands around them some 700 bytes.
 */
const MAX_ENDPOINTS = 100;

/** From where the API can be reached. */
export const networkSettings = [
  {
    name: "vpc_endpoint_ids",
    type: "structured",
    terraformType: "list(string)",
    description:
      "Interface VPC endpoints (execute-api) through which alone the API can be called: it is then private. [] = public again; null = public, and never private: Terraform cannot take away an API's policy, so whoever had endpoints gives [].",
    value: null,
    effect: "deployment",
    rules: [
      {
        condition: `var.vpc_endpoint_ids == null ? true : length(var.vpc_endpoint_ids) <= ${MAX_ENDPOINTS} && length(distinct(var.vpc_endpoint_ids)) == length(var.vpc_endpoint_ids) && alltrue([for id in var.vpc_endpoint_ids : can(regex("^vpce-[0-9a-f]{8}([0-9a-f]{9})?$", id))])`,
        message: `allowed: at most ${MAX_ENDPOINTS} different ids of VPC endpoints, such as vpce-0123456789abcdef0; [] for a public API again; or null`,
      },
      {
        condition: "!var.cloudfront_enabled || length(coalesce(var.vpc_endpoint_ids, [])) == 0",
        message:
          "allowed with cloudfront_enabled: none, because a distribution cannot reach a private API; set cloudfront_enabled to false, or this to []",
      },
    ],
  },
] as const satisfies readonly Setting[];

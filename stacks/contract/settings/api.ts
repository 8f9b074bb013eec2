import { effective } from "./compute";
import { jwtIsComplete, jwtSettings } from "./jwt";
import { numberBetween, type Setting } from "./setting";

/**
 * Rule: AWS takes method settings with a cache that no cluster serves, and then caches nothing.
 * @param clusterInEffect Terraform expression: whether there is a cluster
 * @param cachedInEffect Terraform expression: whether answers are cached
 */
export const cacheNeedsCluster = (
  clusterInEffect = effective("cache_cluster_enabled"),
  cachedInEffect = effective("cache_enabled"),
) => ({
  condition: `${clusterInEffect} || !${cachedInEffect}`,
  message:
    "in effect false while cache_enabled is true; allowed: true, because nothing is cached without a cluster, or " +
    "both false",
});

/** The API: who may call, how often, what is cached and what stands in front. */
export const apiSettings = [
  {
    name: "authorization",
    type: "string",
    description:
      "Who may call: iam (SigV4), api_key (x-api-key with a quota), jwt (bearer token of an OpenID Connect " +
      "issuer), none (anyone; plan warns).",
    value: "iam",
    allowed: ["iam", "api_key", "jwt", "none"],
    effect: "deployment",
    rules: [jwtIsComplete],
  },
  {
    name: "api_key_names",
    type: "structured",
    terraformType: "list(string)",
    description: "With authorization = api_key: the callers, one key each; AWS makes the keys' values.",
    value: ["default"],
    effect: "in place",
    rules: [
      {
        condition:
          "length(var.api_key_names) >= 1 && length(distinct(var.api_key_names)) == length(var.api_key_names) && " +
          'alltrue([for name in var.api_key_names : can(regex("^[A-Za-z0-9_-]{1,64}$", name))])',
        message: "allowed: at least one name, all different, of 1 to 64 letters, digits, _ and -",
      },
    ],
  },
  {
    name: "api_key_quota_per_day",
    ...numberBetween(1, 100_000_000, "requests/day"),
    description: "With authorization = api_key: how many requests each caller may make a day, polls among them.",
    value: 100_000,
    effect: "in place",
  },
  ...jwtSettings,
  {
    name: "caller_quota_per_day",
    ...numberBetween(0, 100_000_000, "requests/day"),
    description:
      "How many requests each caller may begin a day (UTC), polls not counted; with authorization = none all " +
      "callers together. 0 = any number. Costs one write a request.",
    value: 0,
    effect: "new version",
  },
  {
    name: "throttling_rate_limit",
    ...numberBetween(1, 10000, "requests/s"),
    fractional: true,
    description: "Steady rate that each method takes before it answers 429.",
    value: 100,
    effect: "stage",
  },
  {
    name: "throttling_burst_limit",
    ...numberBetween(1, 5000, "requests"),
    description: "Burst that each method takes above the steady rate.",
    value: 200,
    effect: "stage",
  },
  {
    name: "cache_enabled",
    type: "bool",
    description:
      "Serves repeated polls of the status route from API Gateway's cache. The fast switch: seconds, and the " +
      "cluster stays.",
    profiles: { baseline: false, optimized: true, low_latency: true },
    effect: "stage",
  },
  {
    name: "cache_cluster_enabled",
    type: "bool",
    description:
      "Keeps the cache cluster, which is billed by the hour whether it is used or not. The slow switch: about " +
      "four minutes, and all entries are lost.",
    profiles: { baseline: false, optimized: true, low_latency: true },
    effect: "minutes",
    rules: [cacheNeedsCluster()],
  },
  {
    name: "cache_cluster_size",
    type: "string",
    description: "Memory of the cache cluster, in GB. Another size replaces the cluster and loses all entries.",
    value: "0.5",
    allowed: ["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"],
    effect: "minutes",
  },
  {
    name: "cache_ttl_in_seconds",
    ...numberBetween(0, 3600, "seconds"),
    description: "How long a status answer is served from the cache; 0 = not at all.",
    value: 5,
    effect: "stage",
  },
  {
    name: "cloudfront_enabled",
    type: "bool",
    description: "Puts a CloudFront distribution in front; direct calls to the API are then refused.",
    value: false,
    effect: "minutes",
    rules: [
      {
        condition: "!var.cloudfront_enabled || var.cloudfront_origin_secret != null",
        message: "allowed only with cloudfront_origin_secret, by which the API knows the distribution; set it too",
      },
    ],
  },
  {
    name: "cloudfront_origin_secret",
    type: "string",
    description:
      "With cloudfront_enabled: what the distribution shows to the API. Give it as " +
      "TF_VAR_cloudfront_origin_secret, never in a file.",
    value: null,
    sensitive: true,
    pattern: { expression: "^[A-Za-z0-9_-]{32,128}$", meaning: "32 to 128 letters, digits, _ and -" },
    effect: "new version",
  },
  {
    name: "cloudfront_origin_previous_secret",
    type: "string",
    description:
      "The origin's secret until now, taken beside the new one while the distribution changes: a rotation " +
      "without a gap. Then leave it out again.",
    value: null,
    sensitive: true,
    pattern: { expression: "^[A-Za-z0-9_-]{32,128}$", meaning: "32 to 128 letters, digits, _ and -" },
    effect: "new version",
  },
  {
    name: "cloudfront_certificate_arn",
    type: "string",
    description:
      "With cloudfront_enabled: ACM certificate (us-east-1) of your domain names. Only with one can CloudFront " +
      "demand TLS 1.2 of callers.",
    value: null,
    pattern: {
      expression: "^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+$",
      meaning: "arn:aws:acm:us-east-1:<account>:certificate/<id>",
    },
    effect: "minutes",
  },
  {
    name: "cloudfront_domain_names",
    type: "structured",
    terraformType: "list(string)",
    description: "With cloudfront_certificate_arn: the domain names that the distribution answers to.",
    value: [],
    effect: "minutes",
    rules: [
      {
        condition: "length(var.cloudfront_domain_names) == 0 || var.cloudfront_certificate_arn != null",
        message: "allowed only with cloudfront_certificate_arn, the certificate of these names; set it too",
      },
    ],
  },
  {
    name: "account_logging_role_enabled",
    type: "bool",
    description:
      "Gives API Gateway, in this account and region, the role by which it writes logs. One deployment an " +
      "account and region may do this; leave it false where a role is set already.",
    value: false,
    effect: "in place",
  },
] as const satisfies readonly Setting[];

/** The firewall between the internet and the stage. */
export const firewallSettings = [
  {
    name: "waf_enabled",
    type: "bool",
    description:
      "Puts AWS WAF in front of the stage: a rate for each address, no body above 64 KiB, and AWS's rules " +
      "against known attacks; those that look into prompts only count. About $10 a month and $0.60 a million " +
      "requests.",
    value: false,
    effect: "in place",
  },
  {
    name: "waf_rate_limit",
    ...numberBetween(10, 2_000_000_000, "requests"),
    description:
      "With waf_enabled: how many requests an address may make in five minutes, polls among them. Behind a " +
      "distribution the address is the first of X-Forwarded-For, which a caller can make up.",
    value: 10_000,
    effect: "in place",
  },
] as const satisfies readonly Setting[];

/**
 * API Gateway takes a resource policy of 8,192 bytes (API Gateway quotas). An endpoint's id has 22 characters, and the
 * rest of the policy some 700 bytes.
 */
const MAX_ENDPOINTS = 100;

/** From where the API can be reached. */
export const networkSettings = [
  {
    name: "vpc_endpoint_ids",
    type: "structured",
    terraformType: "list(string)",
    description:
      "Interface VPC endpoints (execute-api) through which alone the API can be called: it is then private. [] = " +
      "public again; null = public, and never private: Terraform cannot take away an API's policy, so whoever " +
      "had endpoints gives [].",
    value: null,
    effect: "deployment",
    rules: [
      {
        condition:
          `var.vpc_endpoint_ids == null ? true : length(var.vpc_endpoint_ids) <= ${MAX_ENDPOINTS} && ` +
          "length(distinct(var.vpc_endpoint_ids)) == length(var.vpc_endpoint_ids) && alltrue([for id in " +
          'var.vpc_endpoint_ids : can(regex("^vpce-[0-9a-f]{8}([0-9a-f]{9})?$", id))])',
        message:
          `allowed: at most ${MAX_ENDPOINTS} different ids of VPC endpoints, such as vpce-0123456789abcdef0; [] ` +
          "for a public API again; or null",
      },
      {
        condition: "!var.cloudfront_enabled || length(coalesce(var.vpc_endpoint_ids, [])) == 0",
        message:
          "allowed with cloudfront_enabled: none, because a distribution cannot reach a private API; set " +
          "cloudfront_enabled to false, or this to []",
      },
    ],
  },
] as const satisfies readonly Setting[];

import type { AuditedResource } from "../audited-plan";
import { Unknown } from "../plan-json";
import {
  attributeRule,
  type AttributeRule,
  type Evaluate,
  isGiven,
  isOneOf,
  isTrue,
  judgeAttribute,
  type Judgement,
  namePart,
  PASS,
  passIf,
  type Rule,
  unknown,
  unknownUntilApply,
} from "../rule";

const DISTRIBUTION = "aws_cloudfront_distribution";
type Block = Readonly<Record<string, unknown>>;

const listBlocks = (resource: AuditedResource, name: string): readonly Block[] =>
  (resource.get(name) ?? []) as readonly Block[];

/** Judges every cache behavior, each a part named by its path. */
const judgeEachBehavior =
  (judge: (behavior: Block) => Judgement): Evaluate =>
  (distribution) =>
    ["default_cache_behavior", "ordered_cache_behavior"]
      .flatMap((name) => listBlocks(distribution, name))
      .map((behavior) => namePart(String(behavior["path_pattern"] ?? "*"), judge(behavior)));

const judgeOrigins: Evaluate = (distribution) =>
  listBlocks(distribution, "origin").map((origin) => {
    const [custom] = (origin["custom_origin_config"] ?? []) as readonly Block[];
    const policy = custom?.["origin_protocol_policy"];
    const protocols = (custom?.["origin_ssl_protocols"] ?? []) as readonly string[];
    const judgement = passIf(
      custom === undefined || (policy === "https-only" && protocols.every((protocol) => protocol === "TLSv1.2")),
      `origin_protocol_policy is ${JSON.stringify(policy)} with ${protocols.join(", ")}; ` +
        'allowed: "https-only" with TLSv1.2.',
    );
    return namePart(String(origin["origin_id"]), judgement);
  });

/** AWS managed policy CachingDisabled (CloudFront developer guide, "Use managed cache policies"). */
const CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/** Headers that tell callers apart. */
const CALLER_HEADERS = ["authorization", "x-api-key"];

function judgeCacheKey(behavior: Block): Judgement {
  const policy = behavior["cache_policy_id"];
  if (policy === CACHING_DISABLED) return PASS;
  if (policy !== undefined && policy !== null && policy !== "")
    return unknown(`cache_policy_id is ${JSON.stringify(policy)}: the plan does not hold its cache key.`);
  const [forwarded] = (behavior["forwarded_values"] ?? []) as readonly Block[];
  const headers = ((forwarded?.["headers"] ?? []) as readonly string[]).map((header) => header.toLowerCase());
  const missing = headers.includes("*") ? [] : CALLER_HEADERS.filter((header) => !headers.includes(header));
  return passIf(
    behavior["max_ttl"] === 0 || missing.length === 0,
    `forwarded_values[0].headers has no ${missing.join(" and no ")}, ` +
      `and max_ttl is ${String(behavior["max_ttl"] ?? "not given")}: one caller would get another's answer. ` +
      "Allowed: both headers, or no caching.",
  );
}

const demandAttribute = (rule: Omit<AttributeRule, "severity" | "types">): Rule =>
  attributeRule({ severity: "info", types: [DISTRIBUTION], ...rule });

export const DISTRIBUTION_RULES: readonly Rule[] = [
  {
    id: "viewers-use-https",
    title: "Callers reach the distribution only over TLS",
    asks: ["CKV_AWS_34"],
    severity: "critical",
    types: [DISTRIBUTION],
    evaluate: judgeEachBehavior(({ viewer_protocol_policy: policy }) =>
      passIf(
        policy === "https-only" || policy === "redirect-to-https",
        `viewer_protocol_policy is ${JSON.stringify(policy)}; allowed: "https-only" or "redirect-to-https".`,
      ),
    ),
  },
  // CloudFront's own certificate also accepts TLS 1.0.
  {
    id: "viewers-use-tls-1-2",
    title: "The distribution has a certificate of its own, and takes TLS 1.2 and later",
    asks: ["CKV_AWS_174", "CKV2_AWS_42", "AwsSolutions-CFR4"],
    severity: "warning",
    types: [DISTRIBUTION],
    evaluate: (distribution) => [
      namePart(
        "certificate",
        judgeAttribute(distribution, ["viewer_certificate", 0, "cloudfront_default_certificate"], {
          holds: (value) => value !== true,
          allowed: "false, with acm_certificate_arn, as cloudfront_certificate_arn makes it",
        }),
      ),
      namePart(
        "protocol",
        judgeAttribute(distribution, ["viewer_certificate", 0, "minimum_protocol_version"], {
          holds: (value) => /^TLSv1\.[23]_\d{4}$/.test(String(value)),
          allowed: "TLSv1.2_2021 or later",
        }),
      ),
    ],
  },
  {
    id: "origin-is-asked-over-tls",
    title: "The distribution calls its origin over TLS 1.2",
    asks: ["CKV2_AWS_54", "CKV2_AWS_72", "AwsSolutions-CFR5"],
    severity: "critical",
    types: [DISTRIBUTION],
    evaluate: judgeOrigins,
  },
  {
    id: "edge-keeps-callers-apart",
    title: "The edge's cache key holds the caller",
    severity: "critical",
    types: [DISTRIBUTION],
    evaluate: judgeEachBehavior(judgeCacheKey),
  },
  demandAttribute({
    id: "distribution-is-on",
    title: "The distribution is enabled",
    asks: ["CKV_AWS_216"],
    path: ["enabled"],
    demand: isTrue,
  }),
  demandAttribute({
    id: "distribution-is-behind-a-firewall",
    title: "A web ACL protects the distribution",
    asks: ["CKV_AWS_68", "CKV2_AWS_47", "AwsSolutions-CFR2"],
    path: ["web_acl_id"],
    demand: isGiven("the ARN of a web ACL"),
  }),
  demandAttribute({
    id: "distribution-logs-access",
    title: "The distribution logs its callers",
    asks: ["CKV_AWS_86", "AwsSolutions-CFR3"],
    path: ["logging_config", 0, "bucket"],
    demand: isGiven("a bucket"),
  }),
  demandAttribute({
    id: "distribution-is-for-some-countries",
    title: "The distribution serves only some countries",
    asks: ["CKV_AWS_374", "AwsSolutions-CFR1"],
    path: ["restrictions", 0, "geo_restriction", 0, "restriction_type"],
    demand: isOneOf("whitelist", "blacklist"),
  }),
  demandAttribute({
    id: "distribution-has-a-root-object",
    title: "The distribution has a page for its root",
    asks: ["CKV_AWS_305"],
    path: ["default_root_object"],
    demand: isGiven("an object's name"),
  }),
  demandAttribute({
    id: "distribution-has-a-second-origin",
    title: "The distribution has a second origin to fail over to",
    asks: ["CKV_AWS_310"],
    path: ["origin_group", 0, "member", 1],
    demand: isGiven("an origin_group of two members"),
  }),
  {
    id: "distribution-sets-headers",
    title: "The distribution adds headers that keep browsers safe",
    asks: ["CKV2_AWS_32"],
    severity: "info",
    types: [DISTRIBUTION],
    evaluate: judgeEachBehavior(({ response_headers_policy_id: policy }) =>
      policy instanceof Unknown
        ? unknownUntilApply("response_headers_policy_id")
        : passIf(Boolean(policy), "response_headers_policy_id is not given; allowed: the id of a policy."),
    ),
  },
];

import type { AuditedResource } from "../audited-plan";
import {
  attribute,
  attributeRule,
  isGiven,
  isOneOf,
  isTrue,
  fail,
  of,
  unknown,
  when,
  PASS,
  type Judgement,
  type Rule,
} from "../rule";
import { Unknown } from "../plan-json";

const DISTRIBUTION = "aws_cloudfront_distribution";
type Block = Readonly<Record<string, unknown>>;

const blocks = (resource: AuditedResource, name: string): readonly Block[] =>
  (resource.get(name) ?? []) as readonly Block[];

/** Every behaviour, by its path. */
function behaviors(distribution: AuditedResource): (readonly [path: string, behavior: Block])[] {
  return [...blocks(distribution, "default_cache_behavior"), ...blocks(distribution, "ordered_cache_behavior")].map(
    (behavior) => [String(behavior["path_pattern"] ?? "*"), behavior],
  );
}

const VIEWERS_USE_HTTPS: Rule = {
  id: "viewers-use-https",
  title: "Callers reach the distribution over TLS alone",
  asks: ["CKV_AWS_34"],
  severity: "critical",
  types: [DISTRIBUTION],
  evaluate: (distribution) =>
    behaviors(distribution).map(([path, { viewer_protocol_policy: policy }]) =>
      of(
        path,
        when(
          policy === "https-only" || policy === "redirect-to-https",
          `viewer_protocol_policy is ${JSON.stringify(policy)}; allowed: "https-only" or "redirect-to-https".`,
        ),
      ),
    ),
};

/** CloudFront's own certificate also takes TLS 1.0. */
const VIEWERS_USE_TLS_1_2: Rule = {
  id: "viewers-use-tls-1-2",
  title: "The distribution has a certificate of its own, and takes TLS 1.2 and later",
  asks: ["CKV_AWS_174", "CKV2_AWS_42", "AwsSolutions-CFR4"],
  severity: "warning",
  types: [DISTRIBUTION],
  evaluate: (distribution) => [
    of(
      "certificate",
      attribute(
        distribution,
        ["viewer_certificate", 0, "cloudfront_default_certificate"],
        (value) => value !== true,
        "false, with acm_certificate_arn, as cloudfront_certificate_arn makes it",
      ),
    ),
    of(
      "protocol",
      attribute(
        distribution,
        ["viewer_certificate", 0, "minimum_protocol_version"],
        (value) => /^TLSv1\.[23]_\d{4}$/.test(String(value)),
        "TLSv1.2_2021 or later",
      ),
    ),
  ],
};

const ORIGIN_IS_ASKED_OVER_TLS: Rule = {
  id: "origin-is-asked-over-tls",
  title: "The distribution asks its origin over TLS 1.2",
  asks: ["CKV2_AWS_54", "CKV2_AWS_72", "AwsSolutions-CFR5"],
  severity: "critical",
  types: [DISTRIBUTION],
  evaluate: (distribution) =>
    blocks(distribution, "origin").map((origin) => {
      const [custom] = (origin["custom_origin_config"] ?? []) as readonly Block[];
      const protocols = (custom?.["origin_ssl_protocols"] ?? []) as readonly string[];
      const holds =
        custom === undefined ||
        (custom["origin_protocol_policy"] === "https-only" && protocols.every((protocol) => protocol === "TLSv1.2"));
      return of(
        String(origin["origin_id"]),
        when(
          holds,
          `origin_protocol_policy is ${JSON.stringify(custom?.["origin_protocol_policy"])} with ${protocols.join(", ")}; allowed: "https-only" with TLSv1.2.`,
        ),
      );
    }),
};

/** AWS managed policy CachingDisabled (CloudFront developer guide, "Use managed cache policies"). */
const CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/** Headers that tell callers apart. */
const CALLER_HEADERS = ["authorization", "x-api-key"];

/** The edge, too, gives nobody what it keeps for another. */
const EDGE_KEEPS_CALLERS_APART: Rule = {
  id: "edge-keeps-callers-apart",
  title: "What the edge keeps is kept by caller",
  asks: [],
  severity: "critical",
  types: [DISTRIBUTION],
  evaluate: (distribution) => behaviors(distribution).map(([path, behavior]) => of(path, keptApart(behavior))),
};

function keptApart(behavior: Block): Judgement {
  const policy = behavior["cache_policy_id"];
  if (policy === CACHING_DISABLED) return PASS;
  if (policy !== undefined && policy !== null && policy !== "")
    return unknown(`cache_policy_id is ${JSON.stringify(policy)}: what it keys by is not in the plan.`);
  const [forwarded] = (behavior["forwarded_values"] ?? []) as readonly Block[];
  const headers = ((forwarded?.["headers"] ?? []) as readonly string[]).map((header) => header.toLowerCase());
  const missing = headers.includes("*") ? [] : CALLER_HEADERS.filter((header) => !headers.includes(header));
  return when(
    behavior["max_ttl"] === 0 || missing.length === 0,
    `forwarded_values[0].headers has no ${missing.join(" and no ")}, and max_ttl is ${String(behavior["max_ttl"] ?? "not given")}: one caller would get another's answer. Allowed: both headers, or no caching.`,
  );
}

const attributeOf = (
  id: string,
  title: string,
  asks: readonly string[],
  path: readonly (string | number)[],
  holds: (value: unknown) => boolean,
  allowed: string,
): Rule => attributeRule({ id, title, asks, severity: "info", type: DISTRIBUTION, path, holds, allowed });

/** What scanners ask of any distribution, a web site's as an API's. */
const DISTRIBUTION_DEMANDS: readonly Rule[] = [
  attributeOf("distribution-is-on", "The distribution serves", ["CKV_AWS_216"], ["enabled"], isTrue, "true"),
  attributeOf(
    "distribution-is-behind-a-firewall",
    "A web ACL stands before the distribution",
    ["CKV_AWS_68", "CKV2_AWS_47", "AwsSolutions-CFR2"],
    ["web_acl_id"],
    isGiven,
    "the ARN of a web ACL",
  ),
  attributeOf(
    "distribution-logs-access",
    "Who asks the distribution is written down",
    ["CKV_AWS_86", "AwsSolutions-CFR3"],
    ["logging_config", 0, "bucket"],
    isGiven,
    "a bucket",
  ),
  attributeOf(
    "distribution-is-for-some-countries",
    "The distribution answers some countries alone",
    ["CKV_AWS_374", "AwsSolutions-CFR1"],
    ["restrictions", 0, "geo_restriction", 0, "restriction_type"],
    isOneOf("whitelist", "blacklist"),
    '"whitelist" or "blacklist"',
  ),
  attributeOf(
    "distribution-has-a-root-object",
    "The distribution has a page for its root",
    ["CKV_AWS_305"],
    ["default_root_object"],
    isGiven,
    "an object's name",
  ),
  attributeOf(
    "distribution-has-a-second-origin",
    "The distribution has another origin for when the first fails",
    ["CKV_AWS_310"],
    ["origin_group", 0, "member", 1],
    isGiven,
    "an origin_group of two members",
  ),
  {
    id: "distribution-sets-headers",
    title: "The distribution adds headers that keep browsers safe",
    asks: ["CKV2_AWS_32"],
    severity: "info",
    types: [DISTRIBUTION],
    evaluate: (distribution) =>
      behaviors(distribution).map(([path, { response_headers_policy_id: policy }]) =>
        of(
          path,
          policy instanceof Unknown
            ? unknown("response_headers_policy_id is known only after the apply.")
            : policy
              ? PASS
              : fail("response_headers_policy_id is not given; allowed: the id of a policy."),
        ),
      ),
  },
];

export const DISTRIBUTION_RULES: readonly Rule[] = [
  VIEWERS_USE_HTTPS,
  VIEWERS_USE_TLS_1_2,
  ORIGIN_IS_ASKED_OVER_TLS,
  EDGE_KEEPS_CALLERS_APART,
  ...DISTRIBUTION_DEMANDS,
];

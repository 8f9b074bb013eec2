import type { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { Wafv2WebAcl } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import { Wafv2WebAclAssociation } from "@cdktf/provider-aws/lib/wafv2-web-acl-association";
import { Wafv2WebAclLoggingConfiguration } from "@cdktf/provider-aws/lib/wafv2-web-acl-logging-configuration";
import { Construct } from "constructs";
import { address, blockWhen, countWhen, expression, type Expression, interpolate } from "./expressions";

/** As much of a body as the firewall can inspect (AWS WAF developer guide, "Body inspection size limits"). */
const MAX_BODY_BYTES = 65_536;

/** The firewall counts an address's requests over this time. */
const RATE_WINDOW_SECONDS = 300;

/**
 * Groups of AWS's rules. Those that inspect bodies only count, because prompts hold code, addresses and long texts and
 * would be blocked wrongly; their metrics show what they would have blocked.
 */
const MANAGED_GROUPS: readonly { readonly name: string; readonly onlyCounted: readonly string[] }[] = [
  { name: "AWSManagedRulesAmazonIpReputationList", onlyCounted: [] },
  { name: "AWSManagedRulesKnownBadInputsRuleSet", onlyCounted: ["Log4JRCE_BODY", "JavaDeserializationRCE_BODY"] },
  {
    name: "AWSManagedRulesCommonRuleSet",
    onlyCounted: [
      "SizeRestrictions_BODY",
      "CrossSiteScripting_BODY",
      "GenericLFI_BODY",
      "GenericRFI_BODY",
      "EC2MetaDataSSRF_BODY",
      "NoUserAgent_HEADER",
    ],
  },
];

/** Headers that no log may show; lower-case, as the firewall's log names them. */
const SECRET_HEADERS = ["authorization", "x-api-key", "x-amz-security-token", "cookie"];

interface WebFirewallProps {
  readonly stage: ApiGatewayStage;
  /** Whether the firewall exists. */
  readonly enabled: Expression;
  readonly aclName: string;
  /** Begins with `aws-waf-logs-`, as AWS demands. */
  readonly logGroupName: string;
  /** Days. */
  readonly logRetentionInDays: number;
  /** ARN of the key that encrypts the log, or null for CloudWatch's own. */
  readonly kmsKeyArn: Expression;
  /** Requests that one address may make in five minutes. */
  readonly rateLimit: number;
  /** Whether a distribution stands in front: the stage then sees only its addresses. */
  readonly edgeEnabled: Expression;
  /** Header by which a distribution proves itself; it is never logged. */
  readonly originHeader: string;
}

/** AWS WAF in front of a stage: it limits each address's rate and the size of bodies, and blocks known attacks. */
export class WebFirewall extends Construct {
  constructor(scope: Construct, id: string, props: WebFirewallProps) {
    super(scope, id);
    const count = countWhen(props.enabled);
    const acl = this.createAcl(props);
    const arn = interpolate(expression`${address(acl)}[0].arn`);
    const association = new Wafv2WebAclAssociation(this, "association", {
      resourceArn: props.stage.arn,
      webAclArn: arn,
    });
    const log = new CloudwatchLogGroup(this, "log-group", {
      name: props.logGroupName,
      retentionInDays: props.logRetentionInDays,
      kmsKeyId: interpolate(props.kmsKeyArn),
    });
    const redactedFields = [...SECRET_HEADERS, props.originHeader].map((name) => ({ singleHeader: { name } }));
    const logging = new Wafv2WebAclLoggingConfiguration(this, "logging", {
      resourceArn: arn,
      logDestinationConfigs: [interpolate(expression`${address(log)}[0].arn`)],
      redactedFields,
    });
    // Only requests that a rule blocked or counted: the rest is in the stage's own log.
    logging.addOverride("logging_filter", {
      default_behavior: "DROP",
      filter: [
        {
          behavior: "KEEP",
          requirement: "MEETS_ANY",
          condition: ["BLOCK", "COUNT"].map((action) => ({ action_condition: { action } })),
        },
      ],
    });
    for (const resource of [acl, association, log, logging]) resource.addOverride("count", count);
  }

  private createAcl(props: WebFirewallProps): Wafv2WebAcl {
    const acl = new Wafv2WebAcl(this, "acl", {
      name: props.aclName,
      description: "Guards the API: rate, size, and what AWS knows to be bad.",
      scope: "REGIONAL",
      defaultAction: { allow: {} },
      associationConfig: { requestBody: [{ apiGateway: { defaultSizeInspectionLimit: "KB_64" } }] },
      visibilityConfig: { cloudwatchMetricsEnabled: true, metricName: props.aclName, sampledRequestsEnabled: false },
    });
    acl.addOverride("rule", [
      this.rateRule(props),
      bodyRule(props.aclName),
      ...MANAGED_GROUPS.map((group, index) => managedRule(props.aclName, group, index + 2)),
    ]);
    return acl;
  }

  /** Limits each address: the one that connects, or behind a distribution the one that it forwards. */
  private rateRule({ aclName, rateLimit, edgeEnabled }: WebFirewallProps): object {
    return {
      name: "rate",
      priority: 0,
      action: {
        block: {
          custom_response: {
            response_code: 429,
            response_header: [{ name: "Retry-After", value: String(RATE_WINDOW_SECONDS) }],
          },
        },
      },
      statement: {
        rate_based_statement: {
          limit: rateLimit,
          evaluation_window_sec: RATE_WINDOW_SECONDS,
          aggregate_key_type: interpolate(expression`${edgeEnabled} ? "FORWARDED_IP" : "IP"`),
          dynamic: {
            forwarded_ip_config: blockWhen(edgeEnabled, { header_name: "X-Forwarded-For", fallback_behavior: "MATCH" }),
          },
        },
      },
      visibility_config: visibility(`${aclName}-rate`),
    };
  }
}

/** Blocks a body that is too long to be inspected: by default it would pass uninspected. */
function bodyRule(aclName: string): object {
  return {
    name: "body-size",
    priority: 1,
    action: { block: { custom_response: { response_code: 413 } } },
    statement: {
      size_constraint_statement: {
        comparison_operator: "GT",
        size: MAX_BODY_BYTES,
        field_to_match: { body: { oversize_handling: "MATCH" } },
        text_transformation: [{ priority: 0, type: "NONE" }],
      },
    },
    visibility_config: visibility(`${aclName}-body-size`),
  };
}

function managedRule(
  aclName: string,
  { name, onlyCounted }: (typeof MANAGED_GROUPS)[number],
  priority: number,
): object {
  return {
    name,
    priority,
    override_action: { none: {} },
    statement: {
      managed_rule_group_statement: {
        vendor_name: "AWS",
        name,
        rule_action_override: onlyCounted.map((rule) => ({ name: rule, action_to_use: { count: {} } })),
      },
    },
    visibility_config: visibility(`${aclName}-${name}`),
  };
}

/** Metrics without sampled requests: the console would show their headers, and credentials among them. */
function visibility(metricName: string): object {
  return { cloudwatch_metrics_enabled: true, metric_name: metricName, sampled_requests_enabled: false };
}

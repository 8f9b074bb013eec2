import {
  CloudfrontDistribution,
  type CloudfrontDistributionDefaultCacheBehavior,
} from "@cdktf/provider-aws/lib/cloudfront-distribution";
import type { ApiGatewayStage } from "@cdktf/provider-aws/lib/api-gateway-stage";
import { Construct } from "constructs";
import { address, countWhen, expression, type Expression, interpolate } from "./expressions";

/** AWS managed policy CachingDisabled (CloudFront developer guide, "Use managed cache policies"). */
const CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/** AWS managed policy AllViewerExceptHostHeader: API Gateway refuses a Host that is not its own. */
const ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

const ORIGIN_ID = "api";
const ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"];
const READ_METHODS = ["GET", "HEAD", "OPTIONS"];

/** Seconds that the edge keeps a status answer at most, whatever its headers ask for. */
const MAX_STATUS_TTL_SECONDS = 10;

/** Headers that tell callers apart, or that SigV4 signs: forwarded, and part of the edge's cache key. */
const CALLER_HEADERS = ["Authorization", "x-api-key", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];

/** Checked here and not at the variable: Terraform prints what a variable's validation refuses, secrets too. */
const ORIGIN_SECRET_RULE =
  "The origin's secret is too weak or has characters that a header does not take; " +
  "allowed: 32 to 128 letters, digits, _ and -.";

interface EdgeDistributionProps {
  readonly stage: ApiGatewayStage;
  /** Whether the distribution exists. */
  readonly enabled: Expression;
  /** Header by which the distribution proves itself to the API. */
  readonly originHeader: string;
  /** The header's value; sensitive. */
  readonly originSecret: Expression;
  /** The value until now, or null; sensitive. */
  readonly previousOriginSecret: Expression;
  /** ACM certificate, or null for CloudFront's own. */
  readonly certificateArn: Expression;
  /** List of domain names. */
  readonly domainNames: Expression;
  /** How long the edge keeps a status answer that does not say it itself. */
  readonly statusTtlSeconds: number;
  /** Shown in the console. */
  readonly comment: string;
}

/** CloudFront in front of an API. It keeps only status answers, for seconds, and never across callers. */
export class EdgeDistribution extends Construct {
  /** The URL that callers use; it can be evaluated only while the distribution exists. */
  readonly url: Expression;

  constructor(scope: Construct, id: string, props: EdgeDistributionProps) {
    super(scope, id);
    const distribution = this.createDistribution(props);
    distribution.addOverride("count", countWhen(props.enabled));
    this.setCertificate(distribution, props);
    this.url = expression`"https://\${${address(distribution)}[0].domain_name}"`;
  }

  private createDistribution(props: EdgeDistributionProps): CloudfrontDistribution {
    return new CloudfrontDistribution(this, "distribution", {
      enabled: true,
      comment: props.comment,
      httpVersion: "http2and3",
      isIpv6Enabled: true,
      priceClass: "PriceClass_All",
      origin: [this.origin(props)],
      defaultCacheBehavior: {
        ...this.behavior(),
        allowedMethods: ALL_METHODS,
        cachePolicyId: CACHING_DISABLED,
        originRequestPolicyId: ALL_VIEWER_EXCEPT_HOST,
      },
      orderedCacheBehavior: [
        {
          ...this.behavior(),
          pathPattern: "/api/v1/status/*",
          allowedMethods: READ_METHODS,
          forwardedValues: { queryString: false, headers: CALLER_HEADERS, cookies: { forward: "none" } },
          minTtl: 0,
          defaultTtl: props.statusTtlSeconds,
          maxTtl: MAX_STATUS_TTL_SECONDS,
        },
      ],
      restrictions: { geoRestriction: { restrictionType: "none" } },
      viewerCertificate: {},
      lifecycle: {
        precondition: [props.originSecret, `coalesce(${props.previousOriginSecret}, ${props.originSecret})`].map(
          (secret) => ({
            condition: `\${can(regex("^[A-Za-z0-9_-]{32,128}$", ${secret}))}`,
            errorMessage: ORIGIN_SECRET_RULE,
          }),
        ),
      },
    });
  }

  private origin({ stage, originHeader, originSecret }: EdgeDistributionProps) {
    return {
      originId: ORIGIN_ID,
      // https://<id>.execute-api.<region>.amazonaws.com/<stage>: the host here, the stage below.
      domainName: interpolate(expression`split("/", ${address(stage)}.invoke_url)[2]`),
      originPath: `/${stage.stageName}`,
      customHeader: [{ name: originHeader, value: interpolate(originSecret) }],
      customOriginConfig: {
        httpPort: 80,
        httpsPort: 443,
        originProtocolPolicy: "https-only",
        originSslProtocols: ["TLSv1.2"],
        originReadTimeout: 30,
      },
    };
  }

  private behavior(): Pick<
    CloudfrontDistributionDefaultCacheBehavior,
    "targetOriginId" | "viewerProtocolPolicy" | "cachedMethods" | "compress"
  > {
    return {
      targetOriginId: ORIGIN_ID,
      viewerProtocolPolicy: "https-only",
      cachedMethods: ["GET", "HEAD"],
      compress: true,
    };
  }

  private setCertificate(
    distribution: CloudfrontDistribution,
    { certificateArn, domainNames }: EdgeDistributionProps,
  ): void {
    distribution.addOverride("aliases", interpolate(domainNames));
    distribution.addOverride("viewer_certificate", {
      acm_certificate_arn: interpolate(certificateArn),
      cloudfront_default_certificate: interpolate(expression`${certificateArn} == null`),
      // With its own certificate CloudFront takes no other value than TLSv1 here.
      minimum_protocol_version: interpolate(expression`${certificateArn} == null ? "TLSv1" : "TLSv1.2_2021"`),
      ssl_support_method: interpolate(expression`${certificateArn} == null ? null : "sni-only"`),
    });
  }
}

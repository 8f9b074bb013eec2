import type { Construct } from "constructs";
import { StateBucket, expression, interpolate } from "../modules";
import { declareOutputs, declareSettings } from "./declare";
import { platformNames } from "./names";
import { STATE_OUTPUT_DESCRIPTIONS } from "./contract/outputs";
import { PlatformStack, type PlatformProps } from "./platform";
import { STATE_SETTINGS } from "./contract/settings";

interface StateStackProps extends PlatformProps {
  /** Whether Terraform refuses to destroy the bucket. Terraform takes no expression there. */
  readonly preventDestroy: boolean;
}

/**
 * The bucket of the other stacks' state. It is applied once with its own state in a file, which can then move into the
 * bucket.
 */
export class StateStack extends PlatformStack {
  constructor(scope: Construct, name: string, { preventDestroy, ...platform }: StateStackProps) {
    super(scope, name, platform);
    const settings = declareSettings(this, STATE_SETTINGS);
    this.useAws(settings.string("aws_region"), this.deploymentTags());
    this.readAccount();
    const names = platformNames(settings);
    const { bucket } = new StateBucket(this, "state", {
      bucketName: names.stateBucket,
      kmsKeyArn: settings.expression("kms_key_arn"),
      replacedVersionsKeptInDays: settings.number("state_retention_in_days"),
      preventDestroy,
    });
    const key = interpolate(expression`var.kms_key_arn == null ? "" : "&kms_key_id=\${var.kms_key_arn}"`);
    const backend = `s3://${bucket.bucket}/${names.statePrefix}?region=${settings.string("aws_region")}${key}`;
    declareOutputs(this, { state_bucket_name: bucket.bucket, backend }, STATE_OUTPUT_DESCRIPTIONS);
  }
}

import type { Construct } from "constructs";
import { LiveAlias } from "../../modules";
import { declareOutputs, declareSettings } from "../declare";
import { PlatformStack, type PlatformProps } from "../platform";
import { liveAliasPart } from "../settings/parts";

/** An alias with a pin, a canary and provisioned concurrency, over a function that somebody else makes. */
export class LiveAliasStack extends PlatformStack {
  constructor(scope: Construct, name: string, props: PlatformProps = {}) {
    super(scope, name, props);
    const settings = declareSettings(this, liveAliasPart.settings);
    this.useAws(settings.string("aws_region"));
    const { alias } = new LiveAlias(this, "live", {
      functionName: settings.string("function_name"),
      newestVersion: settings.expression("newest_version"),
      aliasName: settings.string("alias_name"),
      liveVersion: settings.expression("live_version"),
      canaryWeight: settings.expression("canary_weight"),
      provisionedConcurrentExecutions: settings.expression("provisioned_concurrent_executions"),
    });
    declareOutputs(
      this,
      {
        alias_arn: alias.arn,
        alias_name: alias.name,
        invoke_arn: alias.invokeArn,
        live_version: alias.functionVersion,
      },
      liveAliasPart.outputs,
    );
  }
}

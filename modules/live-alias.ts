import { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import type { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config";
import { LambdaProvisionedConcurrencyConfig } from "@cdktf/provider-aws/lib/lambda-provisioned-concurrency-config";
import { Construct } from "constructs";
import { address, blockWhen, countWhen, interpolate } from "./expressions";

export interface LiveAliasProps {
  readonly function: LambdaFunction;
  /** Name of the alias. */
  readonly aliasName: string;
  /** Terraform expression: the version to pin, or null for the newest. */
  readonly liveVersion: string;
  /** Terraform expression: share of traffic (0 to 1) for the newest version while another is pinned. */
  readonly canaryWeight: string;
  /** Terraform expression: environments kept initialized; 0 = none. */
  readonly provisionedConcurrentExecutions: string;
}

/** The alias that traffic goes to. Deploy, canary and roll back are moves of it, so each takes seconds. */
export class LiveAlias extends Construct {
  readonly alias: LambdaAlias;

  constructor(scope: Construct, id: string, props: LiveAliasProps) {
    super(scope, id);
    this.alias = this.createAlias(props);
    this.createProvisionedConcurrency(props);
    this.dropLateEvents(props);
  }

  private createAlias({ function: target, aliasName, liveVersion, canaryWeight }: LiveAliasProps): LambdaAlias {
    const newest = `${address(target)}.version`;
    const alias = new LambdaAlias(this, "alias", {
      name: aliasName,
      functionName: target.functionName,
      functionVersion: interpolate(`coalesce(${liveVersion}, ${newest})`),
      lifecycle: {
        precondition: [
          {
            // Lambda refuses two equal versions with an error that names neither.
            condition: interpolate(`${canaryWeight} == 0 || try(tostring(${liveVersion}), "") != ${newest}`),
            errorMessage: `The canary is version \${${newest}}, which is live already: there is no newer version to send traffic to. Set the canary's weight to 0, or change the function first.`,
          },
        ],
      },
    });
    alias.addOverride(
      "dynamic.routing_config",
      blockWhen(`${canaryWeight} > 0`, { additional_version_weights: interpolate(`{ (${newest}) = ${canaryWeight} }`) }),
    );
    return alias;
  }

  /** Only heartbeats come this way, and one that is late or failed is worth nothing: the next is near. */
  private dropLateEvents({ function: target }: LiveAliasProps): void {
    new LambdaFunctionEventInvokeConfig(this, "events", {
      functionName: target.functionName,
      qualifier: this.alias.name,
      maximumEventAgeInSeconds: 60,
      maximumRetryAttempts: 0,
    });
  }

  private createProvisionedConcurrency({ function: target, provisionedConcurrentExecutions }: LiveAliasProps): void {
    const config = new LambdaProvisionedConcurrencyConfig(this, "provisioned-concurrency", {
      functionName: target.functionName,
      qualifier: this.alias.name,
      provisionedConcurrentExecutions: 1,
    });
    // The provider takes no 0: none is no resource.
    config.addOverride("count", countWhen(`${provisionedConcurrentExecutions} >= 1`));
    config.addOverride("provisioned_concurrent_executions", interpolate(provisionedConcurrentExecutions));
  }
}

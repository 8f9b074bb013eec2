import { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config";
import { LambdaProvisionedConcurrencyConfig } from "@cdktf/provider-aws/lib/lambda-provisioned-concurrency-config";
import { Construct } from "constructs";
import { blockWhen, countWhen, interpolate } from "./expressions";

export interface LiveAliasProps {
  /** Name of the function. */
  readonly functionName: string;
  /** Terraform expression: the function's newest published version, as a string. */
  readonly newestVersion: string;
  /** Name of the alias. */
  readonly aliasName: string;
  /** Terraform expression: the version to pin, or null for the newest. */
  readonly liveVersion: string;
  /** Terraform expression: share of traffic (0 to 1) for the newest version while another is pinned. */
  readonly canaryWeight: string;
  /** Terraform expression: environments kept initialized; 0 = none. */
  readonly provisionedConcurrentExecutions: string;
  /**
   * How long events that arrive asynchronously are kept, and how often they are tried again. Default: as Lambda has it
   * (6 hours, twice).
   */
  readonly events?: EventDelivery;
}

export interface EventDelivery {
  /** Seconds, from 60 to 21,600. */
  readonly maximumEventAgeInSeconds: number;
  /** From 0 to 2. */
  readonly maximumRetryAttempts: number;
}

/** The alias that traffic goes to. Deploy, canary and roll back are moves of it, so each takes seconds. */
export class LiveAlias extends Construct {
  readonly alias: LambdaAlias;

  constructor(scope: Construct, id: string, props: LiveAliasProps) {
    super(scope, id);
    this.alias = this.createAlias(props);
    this.createProvisionedConcurrency(props);
    if (props.events !== undefined) this.deliverEvents(props, props.events);
  }

  private createAlias({
    functionName,
    newestVersion: newest,
    aliasName,
    liveVersion,
    canaryWeight,
  }: LiveAliasProps): LambdaAlias {
    const alias = new LambdaAlias(this, "alias", {
      name: aliasName,
      functionName,
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
      blockWhen(`${canaryWeight} > 0`, {
        additional_version_weights: interpolate(`{ (${newest}) = ${canaryWeight} }`),
      }),
    );
    return alias;
  }

  private deliverEvents({ functionName }: LiveAliasProps, events: EventDelivery): void {
    new LambdaFunctionEventInvokeConfig(this, "events", { functionName, qualifier: this.alias.name, ...events });
  }

  private createProvisionedConcurrency({ functionName, provisionedConcurrentExecutions }: LiveAliasProps): void {
    const config = new LambdaProvisionedConcurrencyConfig(this, "provisioned-concurrency", {
      functionName,
      qualifier: this.alias.name,
      provisionedConcurrentExecutions: 1,
    });
    // The provider takes no 0: none is no resource.
    config.addOverride("count", countWhen(`${provisionedConcurrentExecutions} >= 1`));
    config.addOverride("provisioned_concurrent_executions", interpolate(provisionedConcurrentExecutions));
  }
}

import { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config";
import { LambdaProvisionedConcurrencyConfig } from "@cdktf/provider-aws/lib/lambda-provisioned-concurrency-config";
import { Construct } from "constructs";
import { blockWhen, countWhen, expression, type Expression, interpolate } from "./expressions";

interface LiveAliasProps {
  /** Name of the function. */
  readonly functionName: string;
  /** The function's newest published version, as a string. */
  readonly newestVersion: Expression;
  /** Name of the alias. */
  readonly aliasName: string;
  /** The version that is live, or null for the newest. */
  readonly liveVersion: Expression;
  /** Share of the traffic, from 0 to 1, for the newest version while another is pinned. */
  readonly canaryWeight: Expression;
  /** How many environments are kept initialized; 0 = none. */
  readonly provisionedConcurrentExecutions: Expression;
  /** How Lambda keeps and retries events that arrive asynchronously. Default: Lambda's own (6 hours, 2 retries). */
  readonly events?: EventDelivery;
}

interface EventDelivery {
  /** Seconds, from 60 to 21,600. */
  readonly maximumEventAgeInSeconds: number;
  /** From 0 to 2. */
  readonly maximumRetryAttempts: number;
}

/** The alias that traffic goes to. A deployment, a canary and a rollback move it, so each takes seconds. */
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
      functionVersion: interpolate(expression`coalesce(${liveVersion}, ${newest})`),
      lifecycle: {
        precondition: [
          {
            // Lambda refuses two equal versions with an error that names neither.
            condition: interpolate(expression`${canaryWeight} == 0 || try(tostring(${liveVersion}), "") != ${newest}`),
            errorMessage:
              `The canary is version ${interpolate(newest)}, which is live already: there is no newer version to ` +
              "send traffic to. Set the canary's weight to 0, or change the function first.",
          },
        ],
      },
    });
    alias.addOverride(
      "dynamic.routing_config",
      blockWhen(expression`${canaryWeight} > 0`, {
        additional_version_weights: interpolate(expression`{ (${newest}) = ${canaryWeight} }`),
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
    // The provider takes no 0, so there is no resource for none.
    config.addOverride("count", countWhen(expression`${provisionedConcurrentExecutions} >= 1`));
    config.addOverride("provisioned_concurrent_executions", interpolate(provisionedConcurrentExecutions));
  }
}

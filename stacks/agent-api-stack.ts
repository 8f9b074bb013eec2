import type { Construct } from "constructs";
import { RequestStore, WorkQueue, expression, interpolate, type Dashboard } from "../modules";
import { warnAboutAgents } from "./agents-in-effect";
import { createAlarms, metricSources, type CreatedAlarms } from "./alarms";
import { OUTPUT_DESCRIPTIONS } from "./contract/outputs";
import { KEPT_BY_COMMANDS, SETTINGS, defaultValue, followsProfile, type Setting } from "./contract/settings";
import { createDashboard } from "./dashboard";
import { declareCheck, declareGiven, declareLocal, declareOutputs, declareSettings } from "./declare";
import { allowKeyUse, checkKey } from "./encryption";
import { createFrontDoor, createHeartbeats, createSweeper, createWorker, type LiveFunction } from "./functions";
import { createHttpApi, type HttpApi } from "./http-api";
import { physicalNames, type Deployment } from "./names";
import { PlatformStack, type PlatformProps } from "./platform";

interface AgentApiStackProps extends PlatformProps {
  /** Whether Terraform refuses to destroy the tables. Terraform takes no expression there. */
  readonly preventDestroy: boolean;
}

/** What the stack's outputs are about. */
interface StackParts {
  readonly store: RequestStore;
  readonly queue: WorkQueue;
  readonly worker: LiveFunction;
  readonly frontDoor: LiveFunction;
  readonly sweeper: LiveFunction["function"];
  readonly api: HttpApi;
  readonly alarms: CreatedAlarms;
  readonly dashboard: Dashboard;
}

/** Callers -> (distribution) -> REST API -> front door -> queue -> worker -> agents, and back through the store. */
export class AgentApiStack extends PlatformStack {
  constructor(scope: Construct, name: string, { preventDestroy, ...platform }: AgentApiStackProps) {
    super(scope, name, platform);
    const deployment = this.declareDeployment();
    const store = this.createStore(deployment, preventDestroy);
    const queue = this.createQueue(deployment);
    const worker = createWorker(deployment, store, queue);
    const frontDoor = createFrontDoor(deployment, store, queue);
    const sweeper = createSweeper(deployment, store, queue);
    const functions = { frontDoor: frontDoor.function, worker: worker.function, sweeper };
    checkKey(deployment);
    allowKeyUse(deployment, { ...functions, store, queue });
    const heartbeats = createHeartbeats(deployment, frontDoor, worker);
    const api = createHttpApi(deployment, frontDoor.alias);
    const watched = { ...functions, ...heartbeats, workerAlias: worker.alias, restApi: api.restApi, queue, store };
    const sources = metricSources(deployment, watched);
    const alarms = createAlarms(deployment, sources);
    const dashboard = createDashboard(deployment, sources, alarms);
    this.warn();
    this.declareOutputs(deployment, { store, queue, worker, frontDoor, sweeper, api, alarms, dashboard });
  }

  private declareDeployment(): Deployment {
    const settings = declareSettings(this, SETTINGS);
    declareGiven(this, settings);
    this.useAws(settings.string("aws_region"), this.deploymentTags());
    const { account, partition } = this.readAccount();
    return {
      stack: this,
      settings,
      names: physicalNames(settings),
      accountId: account.accountId,
      partition: partition.partition,
    };
  }

  private createStore({ settings, names }: Deployment, preventDestroy: boolean): RequestStore {
    return new RequestStore(this, "store", {
      requestsTableName: names.requestsTable,
      sessionsTableName: names.sessionsTable,
      resultsBucketName: names.resultsBucket,
      deletionProtection: settings.expression("deletion_protection"),
      preventDestroy,
      kmsKeyArn: settings.expression("kms_key_arn"),
      formerKmsKeyArns: settings.expression("former_kms_key_arns"),
      retentionInDays: settings.number("request_retention_in_days"),
    });
  }

  private createQueue({ settings, names, accountId, partition }: Deployment): WorkQueue {
    return new WorkQueue(this, "work", {
      queueName: names.workQueue,
      deadLetterQueueName: names.deadLetterQueue,
      kmsKeyArn: settings.expression("kms_key_arn"),
      workerTimeoutSeconds: settings.expression("timeout"),
      queueArn: (queue) => `arn:${partition}:sqs:${settings.string("aws_region")}:${accountId}:${queue}`,
    });
  }

  private declareOutputs({ names, settings }: Deployment, parts: StackParts): void {
    const { store, queue, worker, frontDoor, sweeper, api, alarms, dashboard } = parts;
    const settingsInEffect = SETTINGS.filter((setting: Setting) => !setting.sensitive).map(
      ({ name }) => [name, settings.string(name)] as const,
    );
    declareOutputs(
      this,
      {
        api_endpoint: api.endpoint,
        rest_api_id: api.restApi.api.id,
        rest_api_name: api.restApi.api.name,
        stage_name: api.stage.stage.stageName,
        api_function_name: frontDoor.function.function.functionName,
        worker_function_name: worker.function.function.functionName,
        sweeper_function_name: sweeper.function.functionName,
        api_live_version: frontDoor.alias.alias.functionVersion,
        live_version: worker.alias.alias.functionVersion,
        api_newest_version: frontDoor.function.function.version,
        newest_version: worker.function.function.version,
        settings: interpolate(declareLocal(this, "settings", Object.fromEntries(settingsInEffect))),
        given: interpolate(this.declareGivenValues()),
        requests_table_name: store.requests.name,
        sessions_table_name: store.sessions.name,
        results_bucket_name: store.results.bucket,
        work_queue_url: queue.queue.url,
        dead_letter_queue_url: queue.deadLetterQueue.url,
        deployment_name: names.deployment,
        alarm_names: interpolate(alarms.names),
        alarm_topic_arn: interpolate(alarms.topicArn),
        dashboard_name: dashboard.dashboard.dashboardName,
        api_key_ids: interpolate(api.access.keyIds),
      },
      OUTPUT_DESCRIPTIONS,
    );
  }

  /**
   * The values that somebody gave: those whose names the commands recorded in `provenance`. Without a record, those
   * that differ from the default.
   */
  private declareGivenValues() {
    const settings = SETTINGS.filter(
      (setting: Setting) => !setting.sensitive && !KEPT_BY_COMMANDS.includes(setting.name),
    );
    const variables = settings.map(({ name }) => [name, interpolate(expression`var.${name}`)] as const);
    const defaults = settings.map(
      (setting) => [setting.name, followsProfile(setting) ? null : defaultValue(setting, "optimized")] as const,
    );
    const values = declareLocal(this, "variables", Object.fromEntries(variables));
    const defaultValues = declareLocal(this, "defaults", Object.fromEntries(defaults));
    const isRecorded = "contains(concat(var.provenance.hand, var.provenance.file), name)";
    const isChanged = `jsonencode(value) != jsonencode(${defaultValues}[name])`;
    const isGiven = `value != null && try(${isRecorded}, ${isChanged})`;
    return expression`{ for name, value in ${values} : name => value if ${isGiven} }`;
  }

  private warn(): void {
    declareCheck(this, "no_canary_is_on_its_way", {
      condition: expression`try(var.release.canary, null) == null`,
      warning:
        "A canary is on its way: do not change the functions before it has ended. " +
        "quickturn canary --resume goes on with it, --abort takes it back.",
    });
    declareCheck(this, "callers_are_known", {
      condition: expression`var.authorization != "none"`,
      warning:
        "authorization is none: anyone who finds the URL may run the agents, at your cost. Use iam, api_key or jwt.",
    });
    declareCheck(this, "callers_can_sign_through_cloudfront", {
      condition: expression`!(var.cloudfront_enabled && var.authorization == "iam")`,
      warning:
        "cloudfront_enabled with authorization iam: callers must sign for the API's own host and path and send to " +
        "the distribution, and no poll is served from the edge. Use api_key or jwt.",
    });
    declareCheck(this, "viewers_use_tls_1_2", {
      condition: expression`!var.cloudfront_enabled || var.cloudfront_certificate_arn != null`,
      warning:
        "cloudfront_enabled without cloudfront_certificate_arn: CloudFront's own certificate also takes TLS 1.0 of " +
        "callers. Set cloudfront_certificate_arn and cloudfront_domain_names.",
    });
    warnAboutAgents(this);
  }
}

import type { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import type { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import type { Construct } from "constructs";
import type { ApiEnvironment, WorkerEnvironment } from "../handlers/environment";
import { AgentFunction, LiveAlias, RequestStore, WorkQueue, address } from "../modules";
import { agentAccess, agentsInEffect, warnAboutAgents } from "./agents-in-effect";
import { createAlarms } from "./alarms";
import { createDashboard } from "./dashboard";
import {
  declareCheck,
  declareLocal,
  declareOutputs,
  declareSettings,
  type DeclaredSettings,
  declareGiven,
} from "./declare";
import { allowKeysOf, checkKey } from "./encryption";
import { functionSettings, createHeartbeats, createSweeper } from "./upkeep";
import { createHttpApi } from "./http-api";
import { LIVE_ALIAS, physicalNames, type PhysicalNames } from "./names";
import { functionOutputs, httpOutputs, storeOutputs, watchOutputs } from "./output-values";
import { PlatformStack, type PlatformProps } from "./platform";
import { KEPT_BY_COMMANDS, SETTINGS, defaultValue, followsProfile, type Setting } from "./contract/settings";

/** Seconds. The front door waits for DynamoDB and SQS, never for an agent. */
const API_TIMEOUT_SECONDS = 10;

/**
 * A function whose alias moves. Only heartbeats come to it asynchronously, and one that is late or failed is worth
 * nothing: the next is near.
 */
const versioned = ({ function: target }: AgentFunction) => ({
  functionName: target.functionName,
  newestVersion: `${address(target)}.version`,
  events: { maximumEventAgeInSeconds: 60, maximumRetryAttempts: 0 },
});

export interface AgentApiStackProps extends PlatformProps {
  /** Whether Terraform refuses to destroy the tables. Terraform takes no expression there, so it is fixed at synth. */
  readonly preventDestroy: boolean;
}

/** Callers -> (distribution) -> REST API -> front door -> queue -> worker -> agents, and back through the store. */
export class AgentApiStack extends PlatformStack {
  private readonly settings: DeclaredSettings;
  private readonly names: PhysicalNames;
  private readonly account: DataAwsCallerIdentity;
  private readonly partition: DataAwsPartition;

  constructor(scope: Construct, name: string, { preventDestroy, ...platform }: AgentApiStackProps) {
    super(scope, name, platform);
    this.settings = declareSettings(this);
    declareGiven(this, this.settings);
    this.names = physicalNames(this.settings);
    this.useAws(this.settings.string("aws_region"), this.deploymentTags());
    ({ account: this.account, partition: this.partition } = this.whereAmI());

    const store = this.createStore(preventDestroy);
    const queue = this.createQueue();
    const worker = this.createWorker(store, queue);
    const frontDoor = this.createFrontDoor(store, queue);
    const { settings, names } = this;
    const sweeper = createSweeper(this, { settings, names }, store, queue);
    checkKey(this, settings);
    allowKeysOf(settings, { frontDoor: frontDoor.function, worker: worker.function, sweeper }, store, queue);
    const heartbeats = createHeartbeats(this, { settings, names }, frontDoor, worker);
    const api = createHttpApi(this, {
      settings,
      names,
      frontDoor: frontDoor.alias,
      partition: this.partition.partition,
      accountId: this.account.accountId,
    });
    const functions = { frontDoor: frontDoor.function, worker: worker.function, workerAlias: worker.alias, sweeper };
    const watched = { settings, names, ...functions, ...heartbeats, restApi: api.restApi, queue, store };
    const alarms = createAlarms(this, watched, {
      accountId: this.account.accountId,
      partition: this.partition.partition,
    });
    const dashboard = createDashboard(this, watched, alarms);
    this.warn();
    declareOutputs(this, {
      ...functionOutputs(frontDoor, worker, sweeper),
      ...httpOutputs(api),
      ...storeOutputs(store, queue),
      ...watchOutputs(alarms, dashboard, names),
      settings: this.settingsInEffect(),
      given: this.givenSettings(),
    });
  }

  private createStore(preventDestroy: boolean): RequestStore {
    const { settings, names } = this;
    return new RequestStore(this, "store", {
      requestsTableName: names.requestsTable,
      sessionsTableName: names.sessionsTable,
      resultsBucketName: names.resultsBucket,
      deletionProtection: settings.bool("deletion_protection"),
      deletionProtectionExpression: settings.expression("deletion_protection"),
      preventDestroy,
      kmsKeyArn: settings.expression("kms_key_arn"),
      formerKmsKeyArns: settings.expression("former_kms_key_arns"),
      retentionInDays: settings.number("request_retention_in_days"),
    });
  }

  private createQueue(): WorkQueue {
    const { settings, names } = this;
    return new WorkQueue(this, "work", {
      queueName: names.workQueue,
      deadLetterQueueName: names.deadLetterQueue,
      kmsKeyArn: settings.expression("kms_key_arn"),
      workerTimeoutSeconds: settings.expression("timeout"),
      queueArn: (queue) =>
        `arn:${this.partition.partition}:sqs:${settings.string("aws_region")}:${this.account.accountId}:${queue}`,
    });
  }

  private createWorker(store: RequestStore, queue: WorkQueue) {
    const { settings, names } = this;
    const { agents, arbiter } = agentsInEffect(this);
    const environment: Record<keyof WorkerEnvironment, string> = {
      AGENT_POLICY: settings.string("agent_policy"),
      AGENT_QUORUM: settings.string("agent_quorum"),
      AGENTS: `\${${agents}}`,
      ARBITER: `\${${arbiter}}`,
      DEPLOYMENT: names.deployment,
      MAX_PARALLEL_AGENTS: settings.string("max_parallel_agents"),
      QUERY_CACHE_TTL_SECONDS: settings.string("query_cache_ttl_in_seconds"),
      REQUESTS_TABLE: store.requests.name,
      RESULTS_BUCKET: store.results.bucket,
      SESSIONS_TABLE: store.sessions.name,
      WORK_QUEUE_ARN: queue.queue.arn,
      WORK_QUEUE_URL: queue.queue.url,
    };
    const worker = new AgentFunction(this, "worker", {
      functionName: names.workerFunction,
      description: "Runs the agents of one request.",
      archive: "assets/worker.zip",
      environment,
      memorySize: settings.number("memory_size"),
      timeoutSeconds: settings.number("timeout"),
      reservedConcurrentExecutions: settings.number("reserved_concurrent_executions"),
      ...functionSettings(settings),
    });
    worker.grant(...store.workerAccess(), ...queue.consumerAccess());
    agentAccess(worker);
    const alias = new LiveAlias(this, "worker_live", {
      ...versioned(worker),
      aliasName: LIVE_ALIAS,
      liveVersion: settings.expression("live_version"),
      canaryWeight: settings.expression("canary_weight"),
      provisionedConcurrentExecutions: settings.expression("provisioned_concurrent_executions"),
    });
    queue.deliverTo(alias.alias, settings.expression("reserved_concurrent_executions"));
    return { function: worker, alias };
  }

  private createFrontDoor(store: RequestStore, queue: WorkQueue) {
    const { settings, names } = this;
    const environment: Record<keyof ApiEnvironment, string> = {
      AUTHORIZATION: settings.string("authorization"),
      CALLER_QUOTA_PER_DAY: settings.string("caller_quota_per_day"),
      DEPLOYMENT: names.deployment,
      // A hash of 32 random characters or more gives nothing away; and plans must show that it changed.
      ORIGIN_SECRET_SHA256:
        '${nonsensitive(var.cloudfront_enabled ? join(",", compact([sha256(coalesce(var.cloudfront_origin_secret, "-")), var.cloudfront_origin_previous_secret == null ? "" : sha256(var.cloudfront_origin_previous_secret)])) : "")}',
      QUERY_CACHE_TTL_SECONDS: settings.string("query_cache_ttl_in_seconds"),
      REQUEST_DEADLINE_SECONDS: settings.string("request_deadline_in_seconds"),
      REQUEST_RETENTION_DAYS: settings.string("request_retention_in_days"),
      REQUESTS_TABLE: store.requests.name,
      RESULTS_BUCKET: store.results.bucket,
      WORK_QUEUE_URL: queue.queue.url,
    };
    const api = new AgentFunction(this, "api", {
      functionName: names.apiFunction,
      description: "Answers invoke, status and health.",
      archive: "assets/api.zip",
      environment,
      memorySize: settings.number("api_memory_size"),
      timeoutSeconds: API_TIMEOUT_SECONDS,
      ...functionSettings(settings),
    });
    api.grant(...store.frontDoorAccess(), ...queue.senderAccess());
    const alias = new LiveAlias(this, "api_live", {
      ...versioned(api),
      aliasName: LIVE_ALIAS,
      liveVersion: settings.expression("api_live_version"),
      canaryWeight: settings.expression("api_canary_weight"),
      provisionedConcurrentExecutions: settings.expression("api_provisioned_concurrent_executions"),
    });
    return { function: api, alias };
  }

  private settingsInEffect(): string {
    const shown = SETTINGS.filter((setting) => !("sensitive" in setting && setting.sensitive));
    declareLocal(
      this,
      "settings",
      Object.fromEntries(shown.map(({ name }) => [name, `\${${this.settings.expression(name)}}`])),
    );
    return "${local.settings}";
  }

  /** What the commands remember that it was given; where they have not applied, what is no default. */
  private givenSettings(): string {
    const shown = SETTINGS.filter((setting: Setting) => !setting.sensitive && !KEPT_BY_COMMANDS.includes(setting.name));
    declareLocal(this, "variables", Object.fromEntries(shown.map(({ name }) => [name, `\${var.${name}}`])));
    declareLocal(
      this,
      "defaults",
      Object.fromEntries(
        shown.map((setting) => [setting.name, followsProfile(setting) ? null : defaultValue(setting, "optimized")]),
      ),
    );
    return "${{ for name, value in local.variables : name => value if value != null && try(contains(concat(var.provenance.hand, var.provenance.file), name), jsonencode(value) != jsonencode(local.defaults[name])) }}";
  }

  private warn(): void {
    declareCheck(
      this,
      "no_canary_is_on_its_way",
      "try(var.release.canary, null) == null",
      "A canary is on its way: do not change the functions before it has ended. quickturn canary --resume goes on with it, --abort takes it back.",
    );
    declareCheck(
      this,
      "callers_are_known",
      'var.authorization != "none"',
      "authorization is none: anyone who finds the URL may run the agents, at your cost. Use iam, api_key or jwt.",
    );
    declareCheck(
      this,
      "callers_can_sign_through_cloudfront",
      '!(var.cloudfront_enabled && var.authorization == "iam")',
      "cloudfront_enabled with authorization iam: callers must sign for the API's own host and path and send to the distribution, and no poll is served from the edge. Use api_key or jwt.",
    );
    declareCheck(
      this,
      "viewers_use_tls_1_2",
      "!var.cloudfront_enabled || var.cloudfront_certificate_arn != null",
      "cloudfront_enabled without cloudfront_certificate_arn: CloudFront's own certificate also takes TLS 1.0 of callers. Set cloudfront_certificate_arn and cloudfront_domain_names.",
    );
    warnAboutAgents(this);
  }
}

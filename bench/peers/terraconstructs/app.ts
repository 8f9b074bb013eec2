import {
  apiGatewayDeployment,
  apiGatewayIntegration,
  apiGatewayMethod,
  apiGatewayMethodSettings,
  apiGatewayResource,
  apiGatewayRestApi,
  apiGatewayStage,
  dynamodbTable,
  lambdaPermission,
  snsTopic,
} from "@cdktf/provider-aws";
import { App, AssetType, TerraformAsset } from "cdktf";
import type { Construct } from "constructs";
import { aws, Duration } from "terraconstructs";
import { join } from "node:path";

/** The zips that `quickturn package` has made. */
const ARCHIVES = join(__dirname, "../../../dist/functions");

/** TerraConstructs has functions that it bundles, and the base of those: this one takes a zip that is there. */
class ZippedFunction extends aws.compute.LambdaFunction {
  constructor(scope: Construct, id: string, archive: string, props: aws.compute.FunctionProps) {
    super(scope, id, props);
    const asset = new TerraformAsset(this, "Code", { path: join(ARCHIVES, `${archive}.zip`), type: AssetType.FILE });
    this.resource.filename = asset.path;
    this.resource.sourceCodeHash = asset.assetHash;
    this.resource.handler = "index.handler";
    this.resource.runtime = "nodejs22.x";
  }

  get invokeArn(): string {
    return this.resource.invokeArn;
  }
}

/** The agents' API of this repository, as somebody would write it with TerraConstructs; tables, REST API and topic, which it lacks, with the provider's own resources. */
class AgentApi extends aws.AwsStack {
  constructor(scope: Construct, id: string) {
    super(scope, id, { gridUUID: "agent-api", environmentName: "dev", providerConfig: { region: "us-east-1" } });
    const requests = this.table("Requests", {
      attribute: [
        { name: "request_id", type: "S" },
        { name: "open", type: "S" },
        { name: "due_at", type: "N" },
      ],
      hashKey: "request_id",
      globalSecondaryIndex: [{ name: "open-due", hashKey: "open", rangeKey: "due_at", projectionType: "KEYS_ONLY" }],
    });
    const sessions = this.table("Sessions", {
      attribute: [
        { name: "session", type: "S" },
        { name: "turn", type: "S" },
      ],
      hashKey: "session",
      rangeKey: "turn",
    });
    const bucket = new aws.storage.Bucket(this, "Results", {
      lifecycleRules: [{ id: "expire", expiration: [{ days: 7 }] }],
    });
    const failed = new aws.notify.Queue(this, "Failed", { messageRetentionSeconds: 1_209_600 });
    const work = new aws.notify.Queue(this, "Work", {
      visibilityTimeoutSeconds: 1_800,
      deadLetterQueue: { queue: failed, maxReceiveCount: 3 },
    });

    const environment = {
      REQUESTS_TABLE: requests.name,
      SESSIONS_TABLE: sessions.name,
      RESULTS_BUCKET: bucket.bucketName,
      WORK_QUEUE_URL: work.queueUrl,
    };
    const worker = new ZippedFunction(this, "Worker", "worker", {
      environment,
      memorySize: 3008,
      timeout: Duration.seconds(300),
      reservedConcurrentExecutions: 50,
    });
    worker.addEventSource(new aws.compute.sources.SqsEventSource(work, { batchSize: 1, maxConcurrency: 50 }));
    const frontDoor = new ZippedFunction(this, "Api", "api", { environment, timeout: Duration.seconds(10) });
    const sweeper = new ZippedFunction(this, "Sweeper", "sweeper", { environment, timeout: Duration.seconds(60) });
    for (const each of [frontDoor, worker, sweeper]) {
      each.addToRolePolicy(
        new aws.iam.PolicyStatement({
          actions: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"],
          resources: [requests.arn, `${requests.arn}/index/*`],
        }),
      );
    }
    worker.addToRolePolicy(
      new aws.iam.PolicyStatement({
        actions: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
        resources: [sessions.arn],
      }),
    );
    bucket.grantRead(frontDoor);
    bucket.grantPut(worker);
    for (const each of [frontDoor, sweeper]) work.grantSendMessages(each);

    const api = this.api(frontDoor);
    const { Rule, Schedule, targets } = aws.notify;
    new Rule(this, "Heartbeat", {
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new targets.LambdaFunction(frontDoor), new targets.LambdaFunction(worker)],
    });
    new Rule(this, "Sweep", {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new targets.LambdaFunction(sweeper)],
    });
    this.alarms({ api: api.name, stage: "live" }, { worker, frontDoor, sweeper }, { work, failed });
  }

  private table(
    id: string,
    config: Pick<dynamodbTable.DynamodbTableConfig, "attribute" | "hashKey" | "rangeKey" | "globalSecondaryIndex">,
  ): dynamodbTable.DynamodbTable {
    return new dynamodbTable.DynamodbTable(this, id, {
      name: `agent-api-${id.toLowerCase()}`,
      billingMode: "PAY_PER_REQUEST",
      ttl: { attributeName: "expires_at", enabled: true },
      pointInTimeRecovery: { enabled: true },
      ...config,
    });
  }

  private api(frontDoor: ZippedFunction): apiGatewayRestApi.ApiGatewayRestApi {
    const api = new apiGatewayRestApi.ApiGatewayRestApi(this, "Front", { name: "agent-api" });
    const restApiId = api.id;
    const resource = (id: string, parentId: string, pathPart: string) =>
      new apiGatewayResource.ApiGatewayResource(this, `Path-${id}`, { restApiId, parentId, pathPart }).id;
    const version = resource("v1", resource("api", api.rootResourceId, "api"), "v1");
    const routes = [
      { id: "invoke", resourceId: resource("invoke", version, "invoke"), httpMethod: "POST", authorization: "AWS_IAM" },
      { id: "health", resourceId: resource("health", version, "health"), httpMethod: "GET", authorization: "NONE" },
      {
        id: "status",
        resourceId: resource("request", resource("status", version, "status"), "{request_id}"),
        httpMethod: "GET",
        authorization: "AWS_IAM",
        cacheKeyParameters: ["method.request.path.request_id"],
      },
    ];
    const integrations = routes.map(({ id, resourceId, httpMethod, authorization, cacheKeyParameters }) => {
      const method = new apiGatewayMethod.ApiGatewayMethod(this, `Method-${id}`, {
        restApiId,
        resourceId,
        httpMethod,
        authorization,
        ...(cacheKeyParameters && { requestParameters: { [cacheKeyParameters[0]!]: true } }),
      });
      return new apiGatewayIntegration.ApiGatewayIntegration(this, `Integration-${id}`, {
        restApiId,
        resourceId,
        httpMethod: method.httpMethod,
        type: "AWS_PROXY",
        integrationHttpMethod: "POST",
        uri: frontDoor.invokeArn,
        cacheKeyParameters,
      });
    });
    const deployment = new apiGatewayDeployment.ApiGatewayDeployment(this, "Deployment", {
      restApiId,
      dependsOn: integrations,
      lifecycle: { createBeforeDestroy: true },
    });
    const stage = new apiGatewayStage.ApiGatewayStage(this, "Stage", {
      restApiId,
      deploymentId: deployment.id,
      stageName: "live",
      cacheClusterEnabled: true,
      cacheClusterSize: "0.5",
      xrayTracingEnabled: true,
    });
    const settings = (id: string, methodPath: string, cachingEnabled: boolean) =>
      new apiGatewayMethodSettings.ApiGatewayMethodSettings(this, `Settings-${id}`, {
        restApiId,
        stageName: stage.stageName,
        methodPath,
        settings: {
          loggingLevel: "ERROR",
          cachingEnabled,
          ...(cachingEnabled && { cacheTtlInSeconds: 5, cacheDataEncrypted: true }),
        },
      });
    settings("every", "*/*", false);
    settings("status", "~1api~1v1~1status~1{request_id}/GET", true);
    new lambdaPermission.LambdaPermission(this, "Permission", {
      functionName: frontDoor.functionName,
      action: "lambda:InvokeFunction",
      principal: "apigateway.amazonaws.com",
      sourceArn: `${api.executionArn}/*/*`,
    });
    return api;
  }

  private alarms(
    api: { readonly api: string; readonly stage: string },
    functions: Readonly<Record<"worker" | "frontDoor" | "sweeper", ZippedFunction>>,
    queues: Readonly<Record<"work" | "failed", aws.notify.Queue>>,
  ): void {
    const { Alarm, ComparisonOperator, Metric, TreatMissingData } = aws.cloudwatch;
    const topic = new snsTopic.SnsTopic(this, "AlarmTopic", { name: "agent-api-alarms" });
    const ofFunction = ({ functionName }: ZippedFunction) => ({
      namespace: "AWS/Lambda",
      dimensionsMap: { FunctionName: functionName },
    });
    const ofApi = { namespace: "AWS/ApiGateway", dimensionsMap: { ApiName: api.api, Stage: api.stage } };
    const ofQueue = ({ queueName }: aws.notify.Queue) => ({
      namespace: "AWS/SQS",
      dimensionsMap: { QueueName: queueName },
    });
    const { worker, frontDoor, sweeper } = functions;
    const watched: readonly [
      string,
      { readonly namespace: string; readonly dimensionsMap: Record<string, string> },
      string,
      string,
      number,
      string,
    ][] = [
      ["WorkerDuration", ofFunction(worker), "Duration", "Average", 600_000, "Runs take long on average."],
      ["WorkerErrors", ofFunction(worker), "Errors", "Sum", 5, "Runs fail."],
      ["WorkerThrottles", ofFunction(worker), "Throttles", "Sum", 0, "Runs wait for concurrency."],
      ["ApiErrors", ofFunction(frontDoor), "Errors", "Sum", 5, "The front door fails."],
      ["ApiThrottles", ofFunction(frontDoor), "Throttles", "Sum", 0, "The front door is refused."],
      ["SweeperErrors", ofFunction(sweeper), "Errors", "Sum", 0, "Nobody looks after open requests."],
      ["Api5xx", ofApi, "5XXError", "Sum", 10, "Callers are answered with errors."],
      ["Api4xx", ofApi, "4XXError", "Sum", 100, "Callers send what is refused."],
      ["ApiLatencyWarning", ofApi, "Latency", "p99", 1_000, "Answers are slow."],
      ["ApiLatencyCritical", ofApi, "Latency", "p99", 5_000, "Answers are very slow."],
      ["OldestMessage", ofQueue(queues.work), "ApproximateAgeOfOldestMessage", "Maximum", 900, "Requests wait long."],
      [
        "DeadLetters",
        ofQueue(queues.failed),
        "ApproximateNumberOfMessagesVisible",
        "Maximum",
        0,
        "Requests were given up.",
      ],
    ];
    for (const [id, source, metricName, statistic, threshold, alarmDescription] of watched) {
      const metric = new Metric({ ...source, metricName, statistic, period: Duration.minutes(5) });
      const alarm = new Alarm(this, id, {
        metric,
        threshold,
        alarmDescription,
        evaluationPeriods: 2,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction({ bind: () => ({ alarmActionArn: topic.arn }) });
    }
  }
}

const app = new App({ outdir: process.env["PEER_OUTDIR"] ?? "dist" });
new AgentApi(app, "agent-api");
app.synth();

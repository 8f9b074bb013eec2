import { App, Duration, Stack } from "aws-cdk-lib";
import { AuthorizationType, LambdaIntegration, MethodLoggingLevel, type RestApi } from "aws-cdk-lib/aws-apigateway";
import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { AttributeType, BillingMode, ProjectionType, type TableProps } from "aws-cdk-lib/aws-dynamodb";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Code, Runtime, type Function, type FunctionProps } from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import { ApiGatewayToLambda } from "@aws-solutions-constructs/aws-apigateway-lambda";
import { SqsToLambda } from "@aws-solutions-constructs/aws-sqs-lambda";
import { buildDynamoDBTable, buildLambdaFunction, buildS3Bucket } from "@aws-solutions-constructs/core";
import { Construct } from "constructs";
import { join } from "node:path";

/** The zips that `quickturn package` has made. */
const ARCHIVES = join(__dirname, "../../../dist/functions");

/** The agents' API of this repository, as somebody would write it with AWS Solutions Constructs; what those lack, with the AWS CDK. */
class AgentApi extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const requests = this.table("Requests", { partitionKey: { name: "request_id", type: AttributeType.STRING } });
    requests.addGlobalSecondaryIndex({
      indexName: "open-due",
      partitionKey: { name: "open", type: AttributeType.STRING },
      sortKey: { name: "due_at", type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    const sessions = this.table("Sessions", {
      partitionKey: { name: "session", type: AttributeType.STRING },
      sortKey: { name: "turn", type: AttributeType.STRING },
    });
    const { bucket } = buildS3Bucket(this, {
      logS3AccessLogs: false,
      bucketProps: { lifecycleRules: [{ expiration: Duration.days(7) }] },
    });
    const environment = {
      REQUESTS_TABLE: requests.tableName,
      SESSIONS_TABLE: sessions.tableName,
      RESULTS_BUCKET: bucket.bucketName,
    };

    const jobs = new SqsToLambda(this, "Work", {
      lambdaFunctionProps: {
        ...functionProps("worker", environment),
        memorySize: 3008,
        timeout: Duration.seconds(300),
        reservedConcurrentExecutions: 50,
      },
      queueProps: { visibilityTimeout: Duration.seconds(1_800) },
      deadLetterQueueProps: { retentionPeriod: Duration.days(14) },
      maxReceiveCount: 3,
      sqsEventSourceProps: { batchSize: 1, maxConcurrency: 50 },
    });
    const worker = jobs.lambdaFunction;
    const frontDoor = buildLambdaFunction(
      this,
      {
        lambdaFunctionProps: {
          ...functionProps("api", { ...environment, WORK_QUEUE_URL: jobs.sqsQueue.queueUrl }),
          timeout: Duration.seconds(10),
        },
      },
      "Api",
    );
    const sweeper = buildLambdaFunction(
      this,
      {
        lambdaFunctionProps: {
          ...functionProps("sweeper", { ...environment, WORK_QUEUE_URL: jobs.sqsQueue.queueUrl }),
          timeout: Duration.seconds(60),
        },
      },
      "Sweeper",
    );
    for (const each of [frontDoor, worker, sweeper]) requests.grantReadWriteData(each);
    sessions.grantReadWriteData(worker);
    bucket.grantRead(frontDoor);
    bucket.grantPut(worker);
    for (const each of [frontDoor, sweeper]) jobs.sqsQueue.grantSendMessages(each);

    const { apiGateway } = new ApiGatewayToLambda(this, "Front", {
      existingLambdaObj: frontDoor,
      apiGatewayProps: {
        proxy: false,
        deployOptions: {
          stageName: "live",
          cacheClusterEnabled: true,
          cacheClusterSize: "0.5",
          loggingLevel: MethodLoggingLevel.ERROR,
          methodOptions: {
            "/api/v1/status/{request_id}/GET": {
              cachingEnabled: true,
              cacheTtl: Duration.seconds(5),
              cacheDataEncrypted: true,
            },
          },
        },
      },
    });
    this.routes(apiGateway, frontDoor);
    new Rule(this, "Heartbeat", {
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [new LambdaFunction(frontDoor), new LambdaFunction(worker)],
    });
    new Rule(this, "Sweep", { schedule: Schedule.rate(Duration.minutes(1)), targets: [new LambdaFunction(sweeper)] });
    this.alarms({ apiGateway, worker, frontDoor, sweeper, jobs });
  }

  private table(id: string, props: TableProps) {
    const { tableObject } = buildDynamoDBTable(new Construct(this, id), {
      dynamoTableProps: {
        billingMode: BillingMode.PAY_PER_REQUEST,
        timeToLiveAttribute: "expires_at",
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        ...props,
      },
    });
    return tableObject!;
  }

  private routes(api: RestApi, frontDoor: Function): void {
    const version = api.root.addResource("api").addResource("v1");
    const integration = new LambdaIntegration(frontDoor, {
      cacheKeyParameters: [],
      requestParameters: { "integration.request.header.x-quickturn-caller": "context.identity.userArn" },
    });
    version.addResource("invoke").addMethod("POST", integration, { authorizationType: AuthorizationType.IAM });
    version.addResource("health").addMethod("GET", integration, { authorizationType: AuthorizationType.NONE });
    const status = new LambdaIntegration(frontDoor, { cacheKeyParameters: ["method.request.path.request_id"] });
    version
      .addResource("status")
      .addResource("{request_id}")
      .addMethod("GET", status, {
        authorizationType: AuthorizationType.IAM,
        requestParameters: { "method.request.path.request_id": true },
      });
  }

  private alarms({
    apiGateway,
    worker,
    frontDoor,
    sweeper,
    jobs,
  }: {
    apiGateway: RestApi;
    worker: Function;
    frontDoor: Function;
    sweeper: Function;
    jobs: SqsToLambda;
  }): void {
    const topic = new Topic(this, "AlarmTopic");
    const period = Duration.minutes(5);
    const watched: readonly [string, IMetric, number, string][] = [
      [
        "WorkerDuration",
        worker.metricDuration({ period, statistic: "Average" }),
        600_000,
        "Runs take long on average.",
      ],
      ["WorkerErrors", worker.metricErrors({ period }), 5, "Runs fail."],
      ["WorkerThrottles", worker.metricThrottles({ period }), 0, "Runs wait for concurrency."],
      ["ApiErrors", frontDoor.metricErrors({ period }), 5, "The front door fails."],
      ["ApiThrottles", frontDoor.metricThrottles({ period }), 0, "The front door is refused."],
      ["SweeperErrors", sweeper.metricErrors({ period }), 0, "Nobody looks after open requests."],
      ["Api5xx", apiGateway.metricServerError({ period }), 10, "Callers are answered with errors."],
      ["Api4xx", apiGateway.metricClientError({ period }), 100, "Callers send what is refused."],
      ["ApiLatencyWarning", apiGateway.metricLatency({ period, statistic: "p99" }), 1_000, "Answers are slow."],
      ["ApiLatencyCritical", apiGateway.metricLatency({ period, statistic: "p99" }), 5_000, "Answers are very slow."],
      ["OldestMessage", jobs.sqsQueue.metricApproximateAgeOfOldestMessage({ period }), 900, "Requests wait long."],
      [
        "DeadLetters",
        jobs.deadLetterQueue!.queue.metricApproximateNumberOfMessagesVisible({ period }),
        0,
        "Requests were given up.",
      ],
    ];
    for (const [id, metric, threshold, alarmDescription] of watched) {
      const alarm = new Alarm(this, id, {
        metric,
        threshold,
        alarmDescription,
        evaluationPeriods: 2,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(new SnsAction(topic));
    }
  }
}

function functionProps(name: string, environment: Record<string, string>): FunctionProps {
  return {
    runtime: Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: Code.fromAsset(join(ARCHIVES, `${name}.zip`)),
    environment,
  };
}

const app = new App({ outdir: process.env["PEER_OUTDIR"] ?? "dist" });
new AgentApi(app, "agent-api");
app.synth();

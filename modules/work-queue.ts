import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import type { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import type { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { SqsQueue, type SqsQueueConfig } from "@cdktf/provider-aws/lib/sqs-queue";
import { SqsQueueRedrivePolicy } from "@cdktf/provider-aws/lib/sqs-queue-redrive-policy";
import { Construct } from "constructs";
import { blockWhen, expression, type Expression, interpolate, jsonencoded } from "./expressions";
import {
  allow,
  allowKeys,
  denyPlainHttp,
  policyDocument,
  type PolicyStatement,
  type UsableKeys,
} from "./policy-statements";

/**
 * The queue's visibility time-out, in time-outs of the worker. AWS asks for six: Lambda retries a throttled batch
 * within it (Lambda developer guide, "Using Lambda with Amazon SQS").
 */
const VISIBILITY_TIMEOUTS = 6;

/** AWS asks for at least five, so that throttling alone moves no message to the dead-letter queue (same guide). */
const MAX_RECEIVE_COUNT = 5;

/** A batch ends with its slowest message, and an agent's run takes minutes. */
const BATCH_SIZE = 1;

const DAY_SECONDS = 86_400;

/** SQS's longest retention: a failed message waits for a person. */
const FAILED_RETENTION_SECONDS = 14 * DAY_SECONDS;

const WORK_RETENTION_SECONDS = 4 * DAY_SECONDS;

/**
 * A failed message that cannot be handled yet comes back after an hour, when no worker holds its request any more. An
 * unreadable one comes back some hundred times in its fourteen days.
 */
const FAILED_VISIBILITY_SECONDS = 3_600;

/** Each failed message takes a single write. */
const FAILED_BATCH_SIZE = 10;

/** SQS's default, written out so that a plan shows it: a key that is switched off goes on working for so long. */
const KEY_REUSE_SECONDS = 300;

interface WorkQueueProps {
  readonly queueName: string;
  readonly deadLetterQueueName: string;
  /** The worker's time-out in seconds. */
  readonly workerTimeoutSeconds: Expression;
  /** ARN of the key that encrypts the messages, or null for SQS's own keys. */
  readonly kmsKeyArn: Expression;
  /** Gives a queue's ARN by its name, as Terraform template: a queue's policy names the ARN before the queue exists. */
  readonly queueArn: (queueName: string) => string;
}

/** The queue between the front door and the worker, so that bursts wait and nothing is lost. */
export class WorkQueue extends Construct {
  readonly queue: SqsQueue;
  readonly deadLetterQueue: SqsQueue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    this.deadLetterQueue = this.createQueue("failed", props, {
      name: props.deadLetterQueueName,
      messageRetentionSeconds: FAILED_RETENTION_SECONDS,
      visibilityTimeoutSeconds: FAILED_VISIBILITY_SECONDS,
    });
    this.queue = this.createQueue("queue", props, {
      name: props.queueName,
      messageRetentionSeconds: WORK_RETENTION_SECONDS,
    });
    this.queue.addOverride(
      "visibility_timeout_seconds",
      interpolate(expression`${VISIBILITY_TIMEOUTS} * ${props.workerTimeoutSeconds}`),
    );
    this.moveFailures();
  }

  /** To send work, and to ask whether the queue exists. */
  senderAccess(): PolicyStatement[] {
    return [allow("SendWork", ["sqs:SendMessage", "sqs:GetQueueAttributes"], this.queue.arn)];
  }

  /** For Lambda's poller, which acts as the worker, and for the worker, which makes a failed message come back soon. */
  consumerAccess(): PolicyStatement[] {
    return [
      allow(
        "ReceiveWork",
        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
        this.queue.arn,
      ),
    ];
  }

  /** To send work again, and to receive what failed for good. */
  sweeperAccess(): PolicyStatement[] {
    return [
      allow("SendWorkAgain", ["sqs:SendMessage", "sqs:GetQueueAttributes"], this.queue.arn),
      allow(
        "ReceiveFailures",
        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        this.deadLetterQueue.arn,
      ),
    ];
  }

  /** A sender's permissions on the key, which a receiver can use too (Amazon SQS developer guide, "Key management"). */
  senderKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [allowKeys("SendByKey", keys, { actions: "Decrypt GenerateDataKey", services: ["sqs"] })];
  }

  /** The permissions on the key of Lambda's poller, which acts as the consumer. */
  consumerKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [allowKeys("ReceiveByKey", keys, { actions: "Decrypt", services: ["sqs"] })];
  }

  /**
   * Makes Lambda poll the queue for an alias.
   * @param reserved the worker's reserved concurrency: Lambda takes no more batches than workers may run, so that none
   *   is throttled and sent back; 0 stops the polling, -1 sets no limit.
   */
  deliverTo(alias: LambdaAlias, reserved: Expression): LambdaEventSourceMapping {
    const mapping = new LambdaEventSourceMapping(this, "delivery", {
      eventSourceArn: this.queue.arn,
      functionName: alias.arn,
      batchSize: BATCH_SIZE,
      functionResponseTypes: ["ReportBatchItemFailures"],
    });
    mapping.addOverride("enabled", interpolate(expression`${reserved} != 0`));
    // Lambda takes 2 to 1,000.
    mapping.addOverride(
      "dynamic.scaling_config",
      blockWhen(expression`${reserved} >= 0`, { maximum_concurrency: interpolate(expression`max(2, ${reserved})`) }),
    );
    return mapping;
  }

  /** Makes Lambda hand what failed for good to a function, which ends the callers' requests. */
  deliverFailuresTo(target: LambdaFunction): void {
    new LambdaEventSourceMapping(this, "failures", {
      eventSourceArn: this.deadLetterQueue.arn,
      functionName: target.arn,
      batchSize: FAILED_BATCH_SIZE,
      functionResponseTypes: ["ReportBatchItemFailures"],
    });
  }

  private moveFailures(): void {
    // A resource of its own, so that the two queues are created at the same time.
    new SqsQueueRedrivePolicy(this, "redrive", {
      queueUrl: this.queue.id,
      redrivePolicy: jsonencoded(this, "redrive_policy", {
        deadLetterTargetArn: this.deadLetterQueue.arn,
        maxReceiveCount: MAX_RECEIVE_COUNT,
      }),
    });
  }

  private createQueue(id: string, props: WorkQueueProps, config: SqsQueueConfig & { readonly name: string }): SqsQueue {
    const queue = new SqsQueue(this, id, {
      ...config,
      kmsMasterKeyId: interpolate(props.kmsKeyArn),
      policy: jsonencoded(this, `${id}_tls_only`, policyDocument([denyPlainHttp("sqs", props.queueArn(config.name))])),
    });
    // The provider takes one way to encrypt, and refuses the other even if it is false.
    queue.addOverride("sqs_managed_sse_enabled", interpolate(expression`${props.kmsKeyArn} == null ? true : null`));
    queue.addOverride(
      "kms_data_key_reuse_period_seconds",
      interpolate(expression`${props.kmsKeyArn} == null ? null : ${KEY_REUSE_SECONDS}`),
    );
    return queue;
  }
}

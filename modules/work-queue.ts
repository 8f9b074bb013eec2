import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import type { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import type { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { SqsQueueRedrivePolicy } from "@cdktf/provider-aws/lib/sqs-queue-redrive-policy";
import { Construct } from "constructs";
import { blockWhen, interpolate, jsonencoded } from "./expressions";
import {
  allow,
  allowKeys,
  denyPlainHttp,
  policyDocument,
  type PolicyStatement,
  type UsableKeys,
} from "./policy-statements";

/**
 * AWS asks for six: Lambda retries a throttled batch within the visibility time-out (Lambda developer guide, "Using
 * Lambda with Amazon SQS").
 */
const VISIBILITY_TIMEOUTS = 6;

/**
 * AWS asks for at least five, so that throttling alone does not send a message to the dead-letter queue (same guide).
 */
const MAX_RECEIVE_COUNT = 5;

/** One: a batch ends with its slowest message, and an agent's run is minutes long. */
const BATCH_SIZE = 1;

const DAY_SECONDS = 86_400;

/** SQS's longest; a failed message waits for a person. */
const FAILED_RETENTION_SECONDS = 14 * DAY_SECONDS;

const WORK_RETENTION_SECONDS = 4 * DAY_SECONDS;

/**
 * A failed message that cannot be dealt with yet comes back after an hour, by when whoever held its request has ended.
 * One that nobody can read comes back for its fourteen days, some hundred times.
 */
const FAILED_VISIBILITY_SECONDS = 3_600;

/** Failed messages are quick to deal with: a write each. */
const FAILED_BATCH_SIZE = 10;

/**
 * SQS's default, said so that a plan shows it: for so long a key that is switched off goes on working, and each of
 * SQS's hosts asks KMS so often.
 */
const KEY_REUSE_SECONDS = 300;

export interface WorkQueueProps {
  readonly queueName: string;
  readonly deadLetterQueueName: string;
  /** Terraform expression: the worker's time-out in seconds. */
  readonly workerTimeoutSeconds: string;
  /** Terraform expression: ARN of the key that encrypts the messages, or null for SQS's own keys. */
  readonly kmsKeyArn: string;
  /**
   * Terraform template for the ARN of a queue of this account by name; a queue's policy names its own ARN before it
   * exists.
   */
  readonly queueArn: (queueName: string) => string;
}

/** The queue between the front door and the worker, so that bursts wait and nothing is lost. */
export class WorkQueue extends Construct {
  readonly queue: SqsQueue;
  readonly deadLetterQueue: SqsQueue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    this.deadLetterQueue = this.createQueue("failed", props.deadLetterQueueName, props, FAILED_RETENTION_SECONDS);
    this.queue = this.createQueue("queue", props.queueName, props, WORK_RETENTION_SECONDS);
    this.deadLetterQueue.visibilityTimeoutSeconds = FAILED_VISIBILITY_SECONDS;
    this.queue.addOverride(
      "visibility_timeout_seconds",
      interpolate(`${VISIBILITY_TIMEOUTS} * ${props.workerTimeoutSeconds}`),
    );
    this.moveFailures();
  }

  /** Put work in, and ask whether the queue is there. */
  senderAccess(): PolicyStatement[] {
    return [allow("SendWork", ["sqs:SendMessage", "sqs:GetQueueAttributes"], this.queue.arn)];
  }

  /** What Lambda's poller does in the worker's name, and the worker itself: have a failed message come back soon. */
  consumerAccess(): PolicyStatement[] {
    return [
      allow(
        "ReceiveWork",
        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
        this.queue.arn,
      ),
    ];
  }

  /** Send work again, and receive what failed for good. */
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

  /**
   * What a sender needs of the key beside its access; with it a receiver needs no more (Amazon SQS developer guide,
   * "Key management").
   */
  senderKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [allowKeys("SendByKey", ["Decrypt", "GenerateDataKey"], ["sqs"], keys)];
  }

  /** What Lambda's poller needs of the key, in the consumer's name. */
  consumerKeyAccess(keys: UsableKeys): PolicyStatement[] {
    return [allowKeys("ReceiveByKey", ["Decrypt"], ["sqs"], keys)];
  }

  /**
   * Has Lambda poll the queue for an alias.
   * @param reserved Terraform expression of the worker's reserved concurrency: no more batches are taken than workers
   *   may run, so that none is throttled and sent back; 0 stops the polling, -1 sets no limit.
   */
  deliverTo(alias: LambdaAlias, reserved: string): LambdaEventSourceMapping {
    const mapping = new LambdaEventSourceMapping(this, "delivery", {
      eventSourceArn: this.queue.arn,
      functionName: alias.arn,
      batchSize: BATCH_SIZE,
      functionResponseTypes: ["ReportBatchItemFailures"],
    });
    mapping.addOverride("enabled", interpolate(`${reserved} != 0`));
    // Lambda takes 2 to 1,000.
    mapping.addOverride(
      "dynamic.scaling_config",
      blockWhen(`${reserved} >= 0`, { maximum_concurrency: interpolate(`max(2, ${reserved})`) }),
    );
    return mapping;
  }

  /** Has Lambda hand what failed for good to a function, which tells the callers. */
  deliverFailuresTo(target: LambdaFunction): void {
    new LambdaEventSourceMapping(this, "failures", {
      eventSourceArn: this.deadLetterQueue.arn,
      functionName: target.arn,
      batchSize: FAILED_BATCH_SIZE,
      functionResponseTypes: ["ReportBatchItemFailures"],
    });
  }

  private moveFailures(): void {
    // A resource of its own, not an attribute of the queue: the two queues are then made at the same time.
    new SqsQueueRedrivePolicy(this, "redrive", {
      queueUrl: this.queue.id,
      redrivePolicy: jsonencoded(this, "redrive_policy", {
        deadLetterTargetArn: this.deadLetterQueue.arn,
        maxReceiveCount: MAX_RECEIVE_COUNT,
      }),
    });
  }

  private createQueue(id: string, name: string, props: WorkQueueProps, retentionSeconds: number): SqsQueue {
    const queue = new SqsQueue(this, id, {
      name,
      messageRetentionSeconds: retentionSeconds,
      kmsMasterKeyId: interpolate(props.kmsKeyArn),
      policy: jsonencoded(this, `${id}_tls_only`, policyDocument([denyPlainHttp("sqs", props.queueArn(name))])),
    });
    // The provider takes one way to encrypt; the other must not even be false.
    queue.addOverride("sqs_managed_sse_enabled", interpolate(`${props.kmsKeyArn} == null ? true : null`));
    queue.addOverride(
      "kms_data_key_reuse_period_seconds",
      interpolate(`${props.kmsKeyArn} == null ? null : ${KEY_REUSE_SECONDS}`),
    );
    return queue;
  }
}

import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { connectDynamoDb, connectSqs } from "../aws/json-service";
import { deadLetterHandler } from "../requests/batch";
import { SWEEP_EVENT } from "../environment";
import { sqsWorkQueue } from "../requests/work-queue";
import { readSweeperSettings, type Variables } from "../settings";
import { dynamodbRequests } from "../requests/dynamodb-requests";
import { sweep } from "../requests/sweep";
import { nowMs, openProcess } from "./process";

/** Sweeps where EventBridge says so, and takes batches of the dead-letter queue. */
export type SweeperHandler = (
  event: SQSEvent | typeof SWEEP_EVENT,
  context: Pick<Context, "getRemainingTimeInMillis">,
) => Promise<SQSBatchResponse | void>;

/** Builds the sweeper from its environment, once per cold start. Throws where a variable is missing or wrong. */
export function openSweeper(variables: Variables): SweeperHandler {
  const settings = readSweeperSettings(variables);
  const { connection, guards, log, variables: aws } = openProcess(settings.deployment, variables);
  const requests = dynamodbRequests(connectDynamoDb({ connection, guard: guards("dynamodb"), variables: aws }), {
    requests: settings.requestsTable,
  });
  const queue = sqsWorkQueue(
    connectSqs({ connection, guard: guards("sqs"), variables: aws }, settings.workQueueUrl),
    settings.workQueueUrl,
  );
  const takeDeadLetters = deadLetterHandler({ queueArn: settings.deadLetterQueueArn, requests, nowMs, log });
  return async (event, context) => {
    connection.dropIdle();
    if (isSweep(event)) return sweep({ requests, queue, nowMs, log }, context.getRemainingTimeInMillis());
    return takeDeadLetters(event, context);
  };
}

function isSweep(event: SQSEvent | typeof SWEEP_EVENT): event is typeof SWEEP_EVENT {
  return "quickturn" in event && event.quickturn === SWEEP_EVENT.quickturn;
}

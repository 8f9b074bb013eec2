import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { SWEEP_EVENT } from "../environment";
import { deadLetterHandler } from "../requests/batch";
import { dynamodbRequests } from "../requests/dynamodb-requests";
import { sweep } from "../requests/sweep";
import { readSweeperSettings, type Variables } from "../settings";
import { nowMs, openProcess } from "./process";

/** Sweeps when EventBridge asks for it, and handles batches of the dead-letter queue. */
export type SweeperHandler = (
  event: SQSEvent | typeof SWEEP_EVENT,
  context: Pick<Context, "getRemainingTimeInMillis">,
) => Promise<SQSBatchResponse | void>;

/** Builds the sweeper from its environment, once per cold start. Throws if a variable is missing or wrong. */
export function openSweeper(variables: Variables): SweeperHandler {
  const settings = readSweeperSettings(variables);
  const { connection, log, connectDynamoDb, connectQueue } = openProcess(settings.deployment, variables);
  const requests = dynamodbRequests(connectDynamoDb(), { requests: settings.requestsTable });
  const queue = connectQueue(settings.workQueueUrl);
  const handleDeadLetters = deadLetterHandler({ queueArn: settings.deadLetterQueueArn, requests, nowMs, log });
  return async (event, context) => {
    connection.dropIdle();
    if (isSweep(event)) return sweep({ requests, queue, nowMs, log }, context.getRemainingTimeInMillis());
    return handleDeadLetters(event, context);
  };
}

function isSweep(event: SQSEvent | typeof SWEEP_EVENT): event is typeof SWEEP_EVENT {
  return "quickturn" in event && event.quickturn === SWEEP_EVENT.quickturn;
}

import type { SourceNames } from "../../stacks/contract/settings";

/** What the dimensions hold in the synthesized stack: references to what is watched. */
export const SOURCES: SourceNames = {
  frontDoorFunction: "${aws_lambda_function.api_function.function_name}",
  workerFunction: "${aws_lambda_function.worker_function.function_name}",
  sweeperFunction: "${aws_lambda_function.sweeper_function.function_name}",
  // What withDefaults makes of ${var.name}-${var.environment}-authorizer.
  authorizerFunction: "quickturn-dev-authorizer",
  liveAlias: "${aws_lambda_alias.worker_live_alias.name}",
  restApi: "${aws_api_gateway_rest_api.rest_api.name}",
  stage: "live",
  workQueue: "${aws_sqs_queue.work_queue.name}",
  deadLetterQueue: "${aws_sqs_queue.work_failed.name}",
  requestsTable: "${aws_dynamodb_table.store_requests.name}",
  sessionsTable: "${aws_dynamodb_table.store_sessions.name}",
  apiHeartbeatRule: "${aws_cloudwatch_event_rule.api_heartbeat_rule.name}",
  workerHeartbeatRule: "${aws_cloudwatch_event_rule.worker_heartbeat_rule.name}",
  // What withDefaults makes of ${var.name}-${var.environment}.
  deployment: "quickturn-dev",
};

/**
 * The outputs of the stacks: names and meaning. A stack declares exactly these, as the compiler proves, and the
 * commands read them from `terraform output -json`. Sensitive settings are in no output.
 */

/** Outputs of the stack `agent-api`, one sentence each. They are texts unless a comment says otherwise. */
export const OUTPUT_DESCRIPTIONS = {
  // The URL of the distribution where there is one, else of the stage.
  api_endpoint: "URL that callers use, without the route.",
  rest_api_id: "Identifier of the REST API.",
  rest_api_name: "Name of the REST API, by which CloudWatch keys its metrics.",
  stage_name: "Name of the API's stage.",
  api_function_name: "Name of the front door's function.",
  worker_function_name: "Name of the worker's function.",
  sweeper_function_name: "Name of the sweeper's function.",
  api_live_version: "Version behind the front door's alias live.",
  live_version: "Version behind the worker's alias live.",
  api_newest_version: "Newest version of the front door.",
  newest_version: "Newest version of the worker.",
  // A map from each setting to its value.
  settings: "Every setting's value in effect.",
  // A map from settings to values, without profiles' values and defaults.
  given: "Values that somebody gave, by setting.",
  requests_table_name: "Name of the table of requests.",
  sessions_table_name: "Name of the table of conversation turns.",
  results_bucket_name: "Name of the bucket of large answers.",
  work_queue_url: "URL of the queue of work.",
  dead_letter_queue_url: "URL of the queue of messages that failed for good.",
  // `<name>-<environment>`.
  deployment_name: "Dimension Deployment of the metrics that the functions write.",
  // A list.
  alarm_names: "Names of the alarms that call a person.",
  // Severities in alarm_topic_arns have topics of their own.
  alarm_topic_arn: "ARN of the topic that the alarms go to.",
  dashboard_name: "Name of the dashboard.",
  // A map, empty unless authorization is api_key. `aws apigateway get-api-key --include-value` shows a key's value.
  api_key_ids: "Identifiers of the API keys, by caller.",
} as const;

export type OutputName = keyof typeof OUTPUT_DESCRIPTIONS;

/** Outputs of the stack `state`. */
export const STATE_OUTPUT_DESCRIPTIONS = {
  state_bucket_name: "Name of the bucket of Terraform's state.",
  backend: "Value of QUICKTURN_BACKEND, so that stacks keep their state in the bucket.",
} as const;

/** Outputs of the stack `pipeline-access`. A role's ARN is null where there is no such role. */
export const PIPELINE_ACCESS_OUTPUT_DESCRIPTIONS = {
  function_boundary_arn:
    "Policy that limits the roles of the deployment's functions: agent-api takes it as permissions_boundary_arn, and " +
    "the apply roles make no role without it.",
  github_plan_role_arn: "Role that GitHub's workflows plan with, on pull requests and the branch.",
  github_apply_role_arn: "Role that GitHub's workflows apply with, on the branch or in the environment.",
  gitlab_plan_role_arn: "Role that GitLab's pipelines plan with, on any branch of the project.",
  gitlab_apply_role_arn: "Role that GitLab's pipelines apply with, on the branch.",
} as const;

/** Names of the stacks that a person deploys. Default: the first. */
export const STACK_NAMES = ["agent-api", "state", "pipeline-access"] as const;
export type StackName = (typeof STACK_NAMES)[number];

/** The environment where nobody names one. Its places are those of a project without environments. */
export const DEFAULT_ENVIRONMENT = "default";

/** Paths of an environment's files with slashes, relative to the project's folder. */
interface EnvironmentPlaces {
  /** The settings, which are committed. */
  readonly settings: string;
  /** The folder of the synthesized stacks. Each environment has its own, so that terraform meets no other's backend. */
  readonly synthesized: string;
  /** The versions that are live, as a var-file. */
  readonly live: string;
  /** Gives a stack's state, where that is a file. */
  readonly state: (stack: string) => string;
}

/** The places of an environment, by its name. */
export function placesOf(environment: string): EnvironmentPlaces {
  const isDefault = environment === DEFAULT_ENVIRONMENT;
  const part = isDefault ? "" : `${environment}.`;
  return {
    settings: `environments/${environment}.tfvars.json`,
    synthesized: isDefault ? "cdktf.out" : `cdktf.out/environments/${environment}`,
    live: `live.${part}tfvars.json`,
    state: (stack) => `terraform.${stack}.${part}tfstate`,
  };
}

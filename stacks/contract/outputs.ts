/**
 * The outputs of the stack `agent-api`: names, types and meaning, nothing else. This file is a contract: the
 * stack declares exactly these (the compiler proves it), and the commands read them from `terraform output -json`.
 */

/** Value of each output, as `terraform output -json` gives it. */
export interface AgentApiOutputs {
  /** URL that callers use, without the route: the distribution's where there is one, else the stage's. */
  readonly api_endpoint: string;
  /** Identifier of the REST API. */
  readonly rest_api_id: string;
  /** Name of the REST API, by which CloudWatch keys its metrics. */
  readonly rest_api_name: string;
  /** Name of the stage. */
  readonly stage_name: string;
  /** Name of the front door's function. */
  readonly api_function_name: string;
  /** Name of the worker's function. */
  readonly worker_function_name: string;
  /** Name of the sweeper's function. */
  readonly sweeper_function_name: string;
  /** Version behind the front door's alias `live`. */
  readonly api_live_version: string;
  /** Version behind the worker's alias `live`. */
  readonly live_version: string;
  /** Newest version of the front door. */
  readonly api_newest_version: string;
  /** Newest version of the worker: the canary, when it is not the live one. */
  readonly newest_version: string;
  /** Every setting's value in effect, by name; sensitive ones are left out. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * Values that somebody gave, by setting: neither what a profile decides nor a default; sensitive ones are left out.
   */
  readonly given: Readonly<Record<string, unknown>>;
  /** Name of the table of requests. */
  readonly requests_table_name: string;
  /** Name of the table of conversation turns. */
  readonly sessions_table_name: string;
  /** Name of the bucket of large answers. */
  readonly results_bucket_name: string;
  /** URL of the queue of work. */
  readonly work_queue_url: string;
  /** URL of the queue of messages that failed for good. */
  readonly dead_letter_queue_url: string;
  /** `<name>-<environment>`: the dimension `Deployment` of the metrics that the functions write. */
  readonly deployment_name: string;
  /** Names of the alarms that call a person. */
  readonly alarm_names: readonly string[];
  /** ARN of the topic that the alarms go to, but for the severities of alarm_topic_arns. */
  readonly alarm_topic_arn: string;
  /** Name of the dashboard. */
  readonly dashboard_name: string;
  /**
   * Identifiers of the API keys by caller; empty unless authorization is api_key. `aws apigateway get-api-key
   * --include-value` shows a value.
   */
  readonly api_key_ids: Readonly<Record<string, string>>;
}

export type OutputName = keyof AgentApiOutputs;

/** One sentence an output, for `terraform output` and the README. */
export const OUTPUT_DESCRIPTIONS: Readonly<Record<OutputName, string>> = {
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
  settings: "Every setting's value in effect.",
  given: "Values that somebody gave, by setting.",
  requests_table_name: "Name of the table of requests.",
  sessions_table_name: "Name of the table of conversation turns.",
  results_bucket_name: "Name of the bucket of large answers.",
  work_queue_url: "URL of the queue of work.",
  dead_letter_queue_url: "URL of the queue of messages that failed for good.",
  deployment_name: "Dimension Deployment of the metrics that the functions write.",
  alarm_names: "Names of the alarms that call a person.",
  alarm_topic_arn: "ARN of the topic that the alarms go to.",
  dashboard_name: "Name of the dashboard.",
  api_key_ids: "Identifiers of the API keys, by caller.",
};

/** Outputs of the stack `state`. */
export interface StateOutputs {
  /** Name of the bucket. */
  readonly state_bucket_name: string;
  /** What QUICKTURN_BACKEND is set to, so that the other stacks keep their state there. */
  readonly backend: string;
}

export const STATE_OUTPUT_DESCRIPTIONS: Readonly<Record<keyof StateOutputs, string>> = {
  state_bucket_name: "Name of the bucket of Terraform's state.",
  backend: "Value of QUICKTURN_BACKEND, so that stacks keep their state in the bucket.",
};

/**
 * Outputs of the stack `pipeline-access`: the ARN of each role, null where there is none, and of the policy that limits
 * the roles that they make.
 */
export interface PipelineAccessOutputs {
  readonly function_boundary_arn: string;
  readonly github_plan_role_arn: string | null;
  readonly github_apply_role_arn: string | null;
  readonly gitlab_plan_role_arn: string | null;
  readonly gitlab_apply_role_arn: string | null;
}

export const PIPELINE_ACCESS_OUTPUT_DESCRIPTIONS: Readonly<Record<keyof PipelineAccessOutputs, string>> = {
  function_boundary_arn:
    "Policy that limits the roles of the deployment's functions: agent-api takes it as permissions_boundary_arn, " +
    "and the apply roles make no role without it.",
  github_plan_role_arn: "Role that GitHub's workflows plan with, on pull requests and the branch.",
  github_apply_role_arn: "Role that GitHub's workflows apply with, on the branch or in the environment.",
  gitlab_plan_role_arn: "Role that GitLab's pipelines plan with, on any branch of the project.",
  gitlab_apply_role_arn: "Role that GitLab's pipelines apply with, on the branch.",
};

/** Names of the stacks that a person deploys; the first where nobody names one. */
export const STACK_NAMES = ["agent-api", "state", "pipeline-access"] as const;
export type StackName = (typeof STACK_NAMES)[number];

/** The environment that nobody names: its state, folder and live file are those of a project without environments. */
export const DEFAULT_ENVIRONMENT = "default";

/** Where an environment keeps what is its own: paths with slashes, in the project's folder. */
export interface EnvironmentPlaces {
  /** Its settings, which are committed. */
  readonly settings: string;
  /**
   * What its stacks are synthesized to: each environment has its own, so that terraform never meets another's backend
   * there.
   */
  readonly synthesized: string;
  /** What is live, as terraform takes it. */
  readonly live: string;
  /** A stack's state, where it is a file. */
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

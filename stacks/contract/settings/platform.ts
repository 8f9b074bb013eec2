import { deploymentSettings, KEY_ARN, keysAreHere } from "./deployment";
import { numberBetween, takeSetting, type Setting } from "./setting";

/** The settings of a deployment that every stack has. */
const identitySettings = [
  takeSetting(deploymentSettings, "name"),
  takeSetting(deploymentSettings, "environment"),
  takeSetting(deploymentSettings, "aws_region"),
  takeSetting(deploymentSettings, "tags"),
];

/** The bucket and the key of the state, which two stacks must get alike. */
const stateBucketSettings = [
  {
    name: "state_bucket_name",
    type: "string",
    description: "Name of the bucket of Terraform's state; null = made from name, environment, account and region.",
    value: null,
    pattern: {
      expression: "^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
      meaning: "3 to 63 lower-case letters, digits and hyphens",
    },
    effect: "identity",
  },
  {
    name: "kms_key_arn",
    type: "string",
    description: "ARN of the KMS key that encrypts the state; null = S3's own keys.",
    value: null,
    pattern: KEY_ARN,
    effect: "in place",
  },
] as const satisfies readonly Setting[];

/** Everything that an operator may change in the stack `state`. */
export const STATE_SETTINGS = [
  ...identitySettings,
  ...stateBucketSettings,
  {
    name: "state_retention_in_days",
    ...numberBetween(1, 3650, "days"),
    description: "How long a version of the state is kept after another has replaced it.",
    value: 90,
    effect: "in place",
  },
] as const satisfies readonly Setting[];

/** Pattern of a branch's name, without IAM's wildcards. */
const BRANCH = {
  expression: "^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$",
  meaning: 'letters, digits, ".", "_", "/" and "-", up to 200; no wildcards',
};

/**
 * RE2 expression of the ARN of an agent or a secret. Three characters of the name are required, so that `*` alone does
 * not stand for everything in the account.
 */
const AGENT_ARN =
  "^arn:aws[a-z-]*:(lambda:[a-z0-9-]+:[0-9]{12}:function:|bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/|" +
  "secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)[A-Za-z0-9/_+=.@-]{3}[A-Za-z0-9/_+=.@:$*-]*$";

const providerArn = <Name extends string>(name: Name, forge: string) =>
  ({
    name,
    type: "string",
    description:
      `ARN of the identity provider that the account has for ${forge} already; null = one is made. An account ` +
      "takes one a URL.",
    value: null,
    pattern: {
      expression: "^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+$",
      meaning: "the ARN of an IAM OIDC identity provider",
    },
    effect: "in place",
  }) as const;

const githubSettings = [
  {
    name: "github_repository",
    type: "string",
    description:
      "Repository on GitHub whose workflows may plan and apply, as its tokens' sub names it: owner/name, or with " +
      "the identifiers that GitHub adds for repositories made or renamed since June 2026; null = none.",
    value: null,
    pattern: { expression: "^[A-Za-z0-9][A-Za-z0-9@-]*/[A-Za-z0-9._@-]+$", meaning: "owner/name, no wildcards" },
    effect: "in place",
  },
  {
    name: "github_branch",
    type: "string",
    description: "Branch whose workflows may apply, unless github_environment is given.",
    value: "main",
    pattern: BRANCH,
    effect: "in place",
  },
  {
    name: "github_environment",
    type: "string",
    description:
      "Environment of the repository whose jobs may apply, instead of the branch's: its reviewers then stand " +
      "before every apply. Its tokens name no branch, so limit its branches on GitHub. null = the branch's.",
    value: null,
    pattern: {
      expression: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
      meaning: 'letters, digits, ".", "_" and "-", up to 100; no wildcards',
    },
    effect: "in place",
  },
  providerArn("github_oidc_provider_arn", "GitHub"),
] as const satisfies readonly Setting[];

const gitlabSettings = [
  {
    name: "gitlab_project_path",
    type: "string",
    description: "Project on GitLab whose pipelines may plan and apply: group/project; null = none.",
    value: null,
    pattern: {
      expression: "^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$",
      meaning: "group/project, subgroups between them, no wildcards",
    },
    effect: "in place",
  },
  {
    name: "gitlab_branch",
    type: "string",
    description: "Branch whose pipelines may apply.",
    value: "main",
    pattern: BRANCH,
    effect: "in place",
  },
  {
    name: "gitlab_url",
    type: "string",
    description: "GitLab's URL: the issuer of the tokens, and the audience that jobs must ask for (id_tokens, aud).",
    value: "https://gitlab.com",
    pattern: {
      expression: "^https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._-]+)*$",
      meaning: "https://, a host, no slash at the end",
    },
    effect: "in place",
  },
  providerArn("gitlab_oidc_provider_arn", "GitLab"),
] as const satisfies readonly Setting[];

/** Everything that an operator may change in the stack `pipeline-access`. */
export const PIPELINE_ACCESS_SETTINGS = [
  ...identitySettings,
  ...stateBucketSettings,
  {
    name: "state_prefix",
    type: "string",
    description: "Folder of the state in the bucket, as QUICKTURN_BACKEND has it; null = <name>-<environment>.",
    value: null,
    pattern: {
      expression: "^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
      meaning: "letters, digits, _, -, . and single slashes between them",
    },
    effect: "in place",
  },
  {
    name: "permissions_boundary_arn",
    type: "string",
    description:
      "ARN of a policy that limits what the pipelines' roles may do, whatever they are allowed; null = none.",
    value: null,
    pattern: { expression: "^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", meaning: "the ARN of an IAM policy" },
    effect: "in place",
  },
  {
    name: "agent_arns",
    type: "structured",
    terraformType: "list(string)",
    description:
      "What the functions may call and read at most, beside their own tables, queues, bucket and Bedrock's " +
      "models: the agents' Lambda functions, AgentCore runtimes and secrets, by ARN; * in a name stands for any " +
      "characters. A deployment whose agents are not here is applied, and its calls are refused.",
    value: [],
    effect: "in place",
    rules: [
      {
        // IAM takes 6,144 characters of a policy. A runtime stands there twice, once with its endpoints; what is
        // limited beside them takes under 2,600.
        condition:
          "length(var.agent_arns) <= 20 && length(jsonencode(concat(var.agent_arns, var.data_kms_key_arns))) <= " +
          `1400 && alltrue([for arn in var.agent_arns : can(regex("${AGENT_ARN}", arn))])`,
        message:
          "allowed: at most 20, of 1,400 characters as JSON together with data_kms_key_arns, each " +
          "arn:aws:lambda:<region>:<account>:function:<name>, " +
          "arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id> or " +
          "arn:aws:secretsmanager:<region>:<account>:secret:<name>; * only in the name, after three characters " +
          "or more",
      },
    ],
  },
  {
    name: "data_kms_key_arns",
    type: "structured",
    terraformType: "list(string)",
    description:
      "ARNs of the KMS keys that kms_key_arn and former_kms_key_arns of the deployment name: the functions may " +
      "use no others, the plan role may look at them, and the apply role may have the deployment encrypted by " +
      "them. kms_key_arn here is the state's.",
    value: [],
    effect: "in place",
    rules: [keysAreHere("data_kms_key_arns")],
  },
  ...githubSettings,
  ...gitlabSettings,
] as const satisfies readonly Setting[];

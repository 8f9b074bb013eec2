import type { Setting } from "./setting";
import { identitySettings, stateBucketSettings } from "./state";

/** A branch's name without what Git refuses, IAM's wildcards among it. */
const BRANCH = { expression: "^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$", meaning: 'letters, digits, ".", "_", "/" and "-", up to 200; no wildcards' };

const providerArn = <Name extends string>(name: Name, forge: string) =>
  ({
    name,
    type: "string",
    description: `ARN of the identity provider that the account has for ${forge} already; null = one is made. An account takes one a URL.`,
    value: null,
    pattern: { expression: "^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+$", meaning: "the ARN of an IAM OIDC identity provider" },
    effect: "in place",
  }) as const;

const githubSettings = [
  {
    name: "github_repository",
    type: "string",
    description: "Repository on GitHub whose workflows may plan and apply, as its tokens' sub names it: owner/name, or with the identifiers that GitHub adds for repositories made or renamed since June 2026; null = none.",
    value: null,
    pattern: { expression: "^[A-Za-z0-9][A-Za-z0-9@-]*/[A-Za-z0-9._@-]+$", meaning: "owner/name, no wildcards" },
    effect: "in place",
  },
  { name: "github_branch", type: "string", description: "Branch whose workflows may apply, unless github_environment is given.", value: "main", pattern: BRANCH, effect: "in place" },
  {
    name: "github_environment",
    type: "string",
    description: "Environment of the repository whose jobs may apply, instead of the branch's: its reviewers then stand before every apply. Its tokens name no branch, so limit its branches on GitHub. null = the branch's.",
    value: null,
    pattern: { expression: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", meaning: 'letters, digits, ".", "_" and "-", up to 100; no wildcards' },
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
    pattern: { expression: "^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$", meaning: "group/project, subgroups between them, no wildcards" },
    effect: "in place",
  },
  { name: "gitlab_branch", type: "string", description: "Branch whose pipelines may apply.", value: "main", pattern: BRANCH, effect: "in place" },
  {
    name: "gitlab_url",
    type: "string",
    description: "GitLab's URL: the issuer of the tokens, and the audience that jobs must ask for (id_tokens, aud).",
    value: "https://gitlab.com",
    pattern: { expression: "^https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._-]+)*$", meaning: "https://, a host, no slash at the end" },
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
    pattern: { expression: "^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", meaning: "letters, digits, _, -, . and single slashes between them" },
    effect: "in place",
  },
  {
    name: "permissions_boundary_arn",
    type: "string",
    description: "ARN of a policy that limits what the pipelines' roles may do, whatever they are allowed; null = none.",
    value: null,
    pattern: { expression: "^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", meaning: "the ARN of an IAM policy" },
    effect: "in place",
  },
  ...githubSettings,
  ...gitlabSettings,
] as const satisfies readonly Setting[];

import type { Construct } from "constructs";
import {
  boundaryPermissions,
  expression,
  functionPermissions,
  gatePermissions,
  interpolate,
  keyChoicePermissions,
  keyReadPermissions,
  PermissionSets,
  PipelineIdentity,
  readPermissions,
  readStatePermissions,
  rolePermissions,
  servicePermissions,
  stateKeyPermissions,
  writeStatePermissions,
  type DeploymentNames,
  type PermissionSet,
  type PolicyStatement,
  type StateObject,
  type Subjects,
} from "../modules";
import { STAGE_NAME } from "./contract/fixed";
import { declareCheck, declareOutputs, declareSettings, type DeclaredSettings } from "./declare";
import { physicalNames, platformNames } from "./names";
import { PIPELINE_ACCESS_OUTPUT_DESCRIPTIONS } from "./contract/outputs";
import { PlatformStack, type PlatformProps } from "./platform";
import { PIPELINE_ACCESS_SETTINGS } from "./contract/settings";

type Settings = DeclaredSettings<(typeof PIPELINE_ACCESS_SETTINGS)[number]["name"]>;

/** The jobs of a forge that may plan, and those that may apply. */
interface Trust {
  readonly plan: Subjects;
  readonly apply: Subjects;
}

interface Policies {
  readonly plan: Readonly<Record<string, PermissionSet>>;
  readonly apply: Readonly<Record<string, PermissionSet>>;
}

/** GitHub's issuer, and the audience of its tokens (GitHub documentation, "OpenID Connect in AWS"). */
const GITHUB = {
  url: expression`"https://token.actions.githubusercontent.com"`,
  audience: expression`"sts.amazonaws.com"`,
};

/** Roles for pipelines without stored keys: one that plans and changes nothing, and one that applies. */
export class PipelineAccessStack extends PlatformStack {
  private readonly settings: Settings;

  constructor(scope: Construct, name: string, platform: PlatformProps = {}) {
    super(scope, name, platform);
    this.settings = declareSettings(this, PIPELINE_ACCESS_SETTINGS);
    this.useAws(this.settings.string("aws_region"), this.deploymentTags());
    const { deployment, state } = this.nameDeployment();
    const boundaryArn = this.createBoundary(deployment);
    const policies = this.createPolicies(deployment, state);
    const github = this.createRoles(this.githubIdentity(), GITHUB_TRUST, policies);
    const gitlab = this.createRoles(this.gitlabIdentity(), GITLAB_TRUST, policies);
    declareCheck(this, "a_forge_is_set", {
      condition: expression`var.github_repository != null || var.gitlab_project_path != null`,
      warning: "No forge is set, so nobody gets a role. Set github_repository or gitlab_project_path.",
    });
    declareOutputs(
      this,
      {
        function_boundary_arn: boundaryArn,
        github_plan_role_arn: github.plan,
        github_apply_role_arn: github.apply,
        gitlab_plan_role_arn: gitlab.plan,
        gitlab_apply_role_arn: gitlab.apply,
      },
      PIPELINE_ACCESS_OUTPUT_DESCRIPTIONS,
    );
  }

  private nameDeployment(): { deployment: DeploymentNames; state: StateObject } {
    const { account, partition } = this.readAccount();
    const names = physicalNames(this.settings);
    const { stateBucket, statePrefix, pipelinePrefix, functionBoundary } = platformNames(this.settings);
    const deployment = {
      partition: partition.partition,
      region: this.settings.string("aws_region"),
      accountId: account.accountId,
      prefix: names.deployment,
      functionRoles: [names.apiFunction, names.authorizerFunction, names.sweeperFunction, names.workerFunction],
      gatewayRole: names.apiGatewayLoggingRole,
      boundary: functionBoundary,
      pipelinePrefix,
      resultsBucket: names.resultsBucket,
      alarmTopic: names.alarmTopic,
      dashboard: names.dashboard,
      budget: names.budget,
      stage: STAGE_NAME,
    };
    const key = `\${coalesce(var.state_prefix, "${statePrefix}")}/agent-api.tfstate`;
    return { deployment, state: { partition: partition.partition, bucketName: stateBucket, key } };
  }

  private githubIdentity(): PipelineIdentity {
    const { settings } = this;
    return new PipelineIdentity(this, "github", {
      ...GITHUB,
      enabled: expression`${settings.expression("github_repository")} != null`,
      existingProviderArn: settings.expression("github_oidc_provider_arn"),
    });
  }

  private gitlabIdentity(): PipelineIdentity {
    const { settings } = this;
    const url = settings.expression("gitlab_url");
    // GitLab's jobs ask for an audience; GitLab's documentation for AWS takes the URL.
    return new PipelineIdentity(this, "gitlab", {
      url,
      audience: url,
      enabled: expression`${settings.expression("gitlab_project_path")} != null`,
      existingProviderArn: settings.expression("gitlab_oidc_provider_arn"),
    });
  }

  /** Creates the boundary of the roles that pipelines create: otherwise a pipeline could give a role anything. */
  private createBoundary(deployment: DeploymentNames): string {
    const boundary = new PermissionSets(this, "limits", deployment.prefix).add("boundary", {
      description: "What the functions' roles may do at most.",
      statements: boundaryPermissions(
        deployment,
        this.settings.expression("agent_arns"),
        this.settings.expression("data_kms_key_arns"),
      ),
    });
    return boundary.arn;
  }

  private createPolicies(deployment: DeploymentNames, state: StateObject): Policies {
    const { settings } = this;
    const sets = new PermissionSets(this, "may", deployment.pipelinePrefix);
    const add = (id: string, description: string, statements: readonly PolicyStatement[]) =>
      sets.add(id, { description, statements });
    const keys = { arns: settings.string("data_kms_key_arns"), region: deployment.region };
    const areThereKeys = expression`length(${settings.expression("data_kms_key_arns")}) > 0`;
    const plan = {
      read: add("read", "Reads what a plan reads.", readPermissions(deployment)),
      lock: add("lock", "Reads the state and locks it.", readStatePermissions(state)),
      key: sets.add("key", {
        description: "Uses the key of the state.",
        statements: stateKeyPermissions(settings.string("kms_key_arn")),
        enabled: expression`${settings.expression("kms_key_arn")} != null`,
      }),
      keys: sets.add("keys", {
        description: "Looks at the keys of the deployment.",
        statements: keyReadPermissions(keys),
        enabled: areThereKeys,
      }),
    };
    const apply = {
      ...plan,
      functions: add("functions", "Changes functions.", functionPermissions(deployment)),
      roles: add("roles", "Makes and changes roles, within the boundary.", rolePermissions(deployment)),
      services: add("services", "Changes all but functions and roles, and writes the state.", [
        ...writeStatePermissions(state),
        ...servicePermissions(deployment),
      ]),
      keyed: sets.add("keyed", {
        description: "Has the deployment encrypted by its keys.",
        statements: keyChoicePermissions(keys),
        enabled: areThereKeys,
      }),
      judge: add("judge", "Asks what the gate asks.", gatePermissions(deployment)),
    };
    return { plan, apply };
  }

  private createRoles(identity: PipelineIdentity, trust: Trust, policies: Policies): { plan: string; apply: string } {
    const { pipelineRole } = platformNames(this.settings);
    const createRole = (purpose: "plan" | "apply", description: string) =>
      interpolate(
        identity.addRole(purpose, {
          roleName: pipelineRole(identity.node.id, purpose),
          description,
          subjects: trust[purpose],
          permissionsBoundaryArn: this.settings.expression("permissions_boundary_arn"),
          policies: policies[purpose],
        }),
      );
    return {
      plan: createRole("plan", "Plans the deployment, and changes nothing."),
      apply: createRole("apply", "Plans, applies and judges the deployment."),
    };
  }
}

/**
 * Subjects of GitHub's tokens, as its documentation has them ("OpenID Connect reference"). A pull request from a fork
 * gets no token.
 */
const GITHUB_BRANCH = "repo:${var.github_repository}:ref:refs/heads/${var.github_branch}";
const GITHUB_ENVIRONMENT = "repo:${var.github_repository}:environment:${var.github_environment}";
const GITHUB_TRUST: Trust = {
  plan: { exactly: expression`["repo:\${var.github_repository}:pull_request", "${GITHUB_BRANCH}"]` },
  apply: {
    exactly: expression`var.github_environment == null ? ["${GITHUB_BRANCH}"] : ["${GITHUB_ENVIRONMENT}"]`,
  },
};

/** Subjects of GitLab's tokens, as its documentation has them ("Configure OpenID Connect in AWS"). */
const GITLAB_BRANCHES = "project_path:${var.gitlab_project_path}:ref_type:branch:ref";
const GITLAB_TRUST: Trust = {
  // A merge request's pipeline names its source branch, so every branch may plan. A fork is another project.
  plan: { like: expression`["${GITLAB_BRANCHES}:*"]` },
  apply: { exactly: expression`["${GITLAB_BRANCHES}:\${var.gitlab_branch}"]` },
};

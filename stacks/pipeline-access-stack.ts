import type { Construct } from "constructs";
import {
  changeFunctions,
  changeRoles,
  changeServices,
  chooseKeys,
  judgeDeployment,
  limitRoles,
  PermissionSets,
  PipelineIdentity,
  readDeployment,
  readKeys,
  readState,
  useStateKey,
  writeState,
  type DeploymentNames,
  type PermissionSet,
  type StateObject,
} from "../modules";
import { declareCheck, declareOutputs, declareSettings, type DeclaredSettings } from "./declare";
import { physicalNames, platformNames } from "./names";
import { PIPELINE_ACCESS_OUTPUT_DESCRIPTIONS } from "./contract/outputs";
import { PlatformStack, type PlatformProps } from "./platform";
import { PIPELINE_ACCESS_SETTINGS } from "./contract/settings";

type Settings = DeclaredSettings<(typeof PIPELINE_ACCESS_SETTINGS)[number]["name"]>;

/** Who of a forge's jobs may plan and who may apply. */
interface Trust {
  readonly plan: Parameters<PipelineIdentity["addRole"]>[1]["subjects"];
  readonly apply: Parameters<PipelineIdentity["addRole"]>[1]["subjects"];
}

/** What AWS calls GitHub's issuer and whom its tokens are made for (GitHub documentation, "OpenID Connect in AWS"). */
const GITHUB = { url: '"https://token.actions.githubusercontent.com"', audience: '"sts.amazonaws.com"' };

/** Roles for pipelines: one that plans and changes nothing, one that applies, and no keys that are stored anywhere. */
export class PipelineAccessStack extends PlatformStack {
  private readonly settings: Settings;

  constructor(scope: Construct, name: string, platform: PlatformProps = {}) {
    super(scope, name, platform);
    this.settings = declareSettings(this, PIPELINE_ACCESS_SETTINGS);
    this.useAws(this.settings.string("aws_region"), this.deploymentTags());
    const { deployment, state } = this.whatIsDeployed();
    const boundaryArn = this.createBoundary(deployment);
    const policies = this.createPolicies(deployment, state);
    const github = this.createRoles("github", this.githubIdentity(), GITHUB_TRUST, policies);
    const gitlab = this.createRoles("gitlab", this.gitlabIdentity(), GITLAB_TRUST, policies);
    declareCheck(
      this,
      "a_forge_is_set",
      "var.github_repository != null || var.gitlab_project_path != null",
      "No forge is set, so nobody gets a role. Set github_repository or gitlab_project_path.",
    );
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

  private whatIsDeployed(): { deployment: DeploymentNames; state: StateObject } {
    const { account, partition } = this.whereAmI();
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
    };
    const key = `\${coalesce(var.state_prefix, "${statePrefix}")}/agent-api.tfstate`;
    return { deployment, state: { partition: partition.partition, bucketName: stateBucket, key } };
  }

  private githubIdentity(): PipelineIdentity {
    const { settings } = this;
    return new PipelineIdentity(this, "github", {
      ...GITHUB,
      enabled: `${settings.expression("github_repository")} != null`,
      existingProviderArn: settings.expression("github_oidc_provider_arn"),
    });
  }

  private gitlabIdentity(): PipelineIdentity {
    const { settings } = this;
    const url = settings.expression("gitlab_url");
    // GitLab has no audience of its own: jobs ask for one, and its documentation for AWS takes the URL.
    return new PipelineIdentity(this, "gitlab", {
      url,
      audience: url,
      enabled: `${settings.expression("gitlab_project_path")} != null`,
      existingProviderArn: settings.expression("gitlab_oidc_provider_arn"),
    });
  }

  /** The roles that pipelines make have it: who may write a role's policy could else give it anything. */
  private createBoundary(deployment: DeploymentNames): string {
    const statements = limitRoles(
      deployment,
      this.settings.expression("agent_arns"),
      this.settings.expression("data_kms_key_arns"),
    );
    return new PermissionSets(this, "limits", deployment.prefix).add(
      "boundary",
      "What the functions' roles may do at most.",
      statements,
    ).arn;
  }

  private createPolicies(deployment: DeploymentNames, state: StateObject): { plan: Policies; apply: Policies } {
    const sets = new PermissionSets(this, "may", deployment.pipelinePrefix);
    const read = sets.add("read", "Reads what a plan reads.", readDeployment(deployment));
    const lock = sets.add("lock", "Reads the state and locks it.", readState(state));
    const key = this.settings.expression("kms_key_arn");
    const keys = { arns: this.settings.string("data_kms_key_arns"), region: deployment.region };
    const given = `length(${this.settings.expression("data_kms_key_arns")}) > 0`;
    const plan = {
      read,
      lock,
      key: sets.add(
        "key",
        "Uses the key of the state.",
        useStateKey(this.settings.string("kms_key_arn")),
        `${key} != null`,
      ),
      keys: sets.add("keys", "Looks at the keys of the deployment.", readKeys(keys), given),
    };
    const apply = {
      ...plan,
      functions: sets.add("functions", "Changes functions.", changeFunctions(deployment)),
      roles: sets.add("roles", "Makes and changes roles, within the boundary.", changeRoles(deployment)),
      services: sets.add("services", "Changes all but functions and roles, and writes the state.", [
        ...writeState(state),
        ...changeServices(deployment),
      ]),
      keyed: sets.add("keyed", "Has the deployment encrypted by its keys.", chooseKeys(keys), given),
      judge: sets.add("judge", "Asks what the gate asks.", judgeDeployment(deployment)),
    };
    return { plan, apply };
  }

  private createRoles(
    forge: string,
    identity: PipelineIdentity,
    trust: Trust,
    policies: { plan: Policies; apply: Policies },
  ): { plan: string; apply: string } {
    const { pipelineRole } = platformNames(this.settings);
    const permissionsBoundaryArn = this.settings.expression("permissions_boundary_arn");
    const plan = identity.addRole("plan", {
      roleName: pipelineRole(forge, "plan"),
      description: "Plans the deployment, and changes nothing.",
      subjects: trust.plan,
      permissionsBoundaryArn,
      policies: policies.plan,
    });
    const apply = identity.addRole("apply", {
      roleName: pipelineRole(forge, "apply"),
      description: "Plans, applies and judges the deployment.",
      subjects: trust.apply,
      permissionsBoundaryArn,
      policies: policies.apply,
    });
    return { plan: `\${${plan}}`, apply: `\${${apply}}` };
  }
}

type Policies = Readonly<Record<string, PermissionSet>>;

/**
 * Subjects as GitHub's documentation has them ("OpenID Connect reference"). A pull request of a fork gets no token at
 * all.
 */
const GITHUB_TRUST: Trust = {
  plan: {
    exactly:
      '["repo:${var.github_repository}:pull_request", "repo:${var.github_repository}:ref:refs/heads/${var.github_branch}"]',
  },
  apply: {
    exactly:
      'var.github_environment == null ? ["repo:${var.github_repository}:ref:refs/heads/${var.github_branch}"] : ["repo:${var.github_repository}:environment:${var.github_environment}"]',
  },
};

/** Subjects as GitLab's documentation has them ("Configure OpenID Connect in AWS"). */
const GITLAB_TRUST: Trust = {
  // A merge request's pipeline names the branch it comes from, so any branch may plan; the project is whole, and a fork
  // is another one.
  plan: { like: '["project_path:${var.gitlab_project_path}:ref_type:branch:ref:*"]' },
  apply: { exactly: '["project_path:${var.gitlab_project_path}:ref_type:branch:ref:${var.gitlab_branch}"]' },
};

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PIPELINE_ACCESS_OUTPUT_DESCRIPTIONS } from "../../stacks/contract/outputs";
import { PIPELINE_ACCESS_SETTINGS, defaultValue } from "../../stacks/contract/settings";
import type { Statement } from "../support/iam-simulator";
import { encoded, resource, stackJson, stackText } from "../support/stack-json";

const GOLDEN = join(__dirname, "pipeline-access-stack.golden.json");
const stack = stackJson("pipeline-access");

const statements = (set: string) =>
  (
    encoded(stack, resource(stack, `aws_iam_policy.may_${set}`)["policy"]) as {
      Statement: (Statement & { Sid: string })[];
    }
  ).Statement;
const trust = (role: string) =>
  (
    encoded(stack, resource(stack, `aws_iam_role.${role}`)["assume_role_policy"]) as {
      Statement: Record<string, unknown>[];
    }
  ).Statement;
const SETS = ["functions", "judge", "key", "keyed", "keys", "lock", "read", "roles", "services"];

test("is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest pipeline-access-stack", () => {
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(GOLDEN, stackText("pipeline-access"));
  expect(stack).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
});

test("has the settings and outputs of its contracts", () => {
  expect(Object.keys(stack.variable)).toEqual(PIPELINE_ACCESS_SETTINGS.map(({ name }) => name).sort());
  expect(Object.keys(stack.output).sort()).toEqual(Object.keys(PIPELINE_ACCESS_OUTPUT_DESCRIPTIONS).sort());
});

describe("who may assume a role", () => {
  const github = "token.actions.githubusercontent.com";
  // The issuer's address is computed from its URL.
  const key = (claim: string) => `\${trimprefix("https://${github}", "https://")}:${claim}`;
  const gitlabKey = (claim: string) => `\${trimprefix(var.gitlab_url, "https://")}:${claim}`;

  test("GitHub's plan role: pull requests and the one branch of the one repository", () => {
    expect(trust("github_plan")).toEqual([
      expect.objectContaining({
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [key("aud")]: '${"sts.amazonaws.com"}',
            [key("sub")]:
              '${["repo:${var.github_repository}:pull_request", ' +
              '"repo:${var.github_repository}:ref:refs/heads/${var.github_branch}"]}',
          },
        },
      }),
    ]);
  });

  test("GitHub's apply role: the branch, or the environment where one is given, by StringEquals", () => {
    expect(trust("github_apply")[0]?.["Condition"]).toEqual({
      StringEquals: {
        [key("aud")]: '${"sts.amazonaws.com"}',
        [key("sub")]:
          "${var.github_environment == null ? " +
          '["repo:${var.github_repository}:ref:refs/heads/${var.github_branch}"] : ' +
          '["repo:${var.github_repository}:environment:${var.github_environment}"]}',
      },
    });
  });

  test("GitLab's plan role: any branch of the one project; its apply role: the one branch, by StringEquals", () => {
    expect(trust("gitlab_plan")[0]?.["Condition"]).toEqual({
      StringEquals: { [gitlabKey("aud")]: "${var.gitlab_url}" },
      StringLike: { [gitlabKey("sub")]: '${["project_path:${var.gitlab_project_path}:ref_type:branch:ref:*"]}' },
    });
    expect(trust("gitlab_apply")[0]?.["Condition"]).toEqual({
      StringEquals: {
        [gitlabKey("aud")]: "${var.gitlab_url}",
        [gitlabKey("sub")]: '${["project_path:${var.gitlab_project_path}:ref_type:branch:ref:${var.gitlab_branch}"]}',
      },
    });
  });

  test.each(
    PIPELINE_ACCESS_SETTINGS.filter(({ name }) => /^git/.test(name) && !/arn$/.test(name)).map(
      (setting) => [setting.name, setting] as const,
    ),
  )("%s takes no wildcard and no expression", (name, setting) => {
    if (!("pattern" in setting)) throw new Error(`${name} has no pattern`);
    const pattern = new RegExp(setting.pattern.expression);
    const good =
      {
        github_repository: "octo-org-123/agents-456",
        gitlab_project_path: "group/sub.group/agents",
        github_environment: "prod",
      }[name as string] ?? String(defaultValue(setting, "optimized"));
    expect(good).toMatch(pattern);
    for (const bad of ["*", "?", `${good}*`, `${good}:*`, `${good}?`, `${good} `, `${good}\n`, "${var.x}", ""])
      expect(bad).not.toMatch(pattern);
  });

  test("roles, their identity provider and their attachments are there only where their forge is set", () => {
    for (const forge of ["github", "gitlab"]) {
      const set = forge === "github" ? "var.github_repository != null" : "var.gitlab_project_path != null";
      const counted = Object.values(stack.resource)
        .flatMap((type) => Object.entries(type))
        .filter(([id]) => id.startsWith(`${forge}_`));
      expect(counted.length).toBeGreaterThan(8);
      for (const [, block] of counted) expect(block["count"]).toMatch(`\${${set}`);
    }
  });
});

describe("what the roles may do", () => {
  const attached = (role: string) =>
    Object.keys(stack.resource["aws_iam_role_policy_attachment"] ?? {})
      .filter((id) => id.startsWith(`${role}_`))
      .map((id) => id.slice(role.length + 1))
      .sort();

  test.each(["github", "gitlab"])("%s: the plan role reads, the apply role does everything that there is", (forge) => {
    expect(attached(`${forge}_plan`)).toEqual(["key", "keys", "lock", "read"]);
    expect(attached(`${forge}_apply`)).toEqual(SETS);
  });

  test("the plan role reads the state and writes only its lock", () => {
    expect(statements("lock").map(({ Sid, Action }) => [Sid, Action])).toEqual([
      ["FindState", ["s3:ListBucket"]],
      ["ReadState", ["s3:GetObject"]],
      ["LockState", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]],
    ]);
    expect(statements("lock")[2]?.Resource).toMatch(/\/agent-api\.tfstate\.tflock$/);
    expect(
      statements("read")
        .flatMap(({ Action }) => Action)
        .filter((action) => !/:(Get|List|Describe|View|GET)/.test(action)),
    ).toEqual([]);
  });

  test("no action has a wildcard, and none that opens what is closed is there", () => {
    const actions = SETS.flatMap(statements)
      .filter(({ Effect }) => Effect === "Allow")
      .flatMap(({ Action }) => Action);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
    for (const closed of [
      "iam:CreateUser",
      "iam:CreateAccessKey",
      "iam:CreatePolicyVersion",
      "iam:DeleteRolePermissionsBoundary",
      "execute-api:InvalidateCache",
      "s3:PutBucketAcl",
      "sts:AssumeRole",
    ])
      expect(actions).not.toContain(closed);
  });

  test("no pipeline runs a function, or reads or writes an item or a message", () => {
    const actions = SETS.flatMap(statements)
      .filter(({ Effect }) => Effect === "Allow")
      .flatMap(({ Action }) => Action);
    expect(
      actions.filter((action) =>
        /^lambda:(Invoke|GetFunctionConcurrency)|^dynamodb:(.*Item|Query|Scan|Partiql.*)$|^sqs:(Send|Receive)/.test(
          action,
        ),
      ),
    ).toEqual([]);
  });

  test("IAM is limited to the roles of the functions and of API Gateway's logs, by their whole names", () => {
    const roles = SETS.flatMap(statements)
      .filter(({ Effect, Action }) => Effect === "Allow" && [Action].flat().some((action) => action.startsWith("iam:")))
      .flatMap(({ Resource }) => Resource);
    expect(new Set(roles.map((role) => role.replace(/^.*:role\//, "")))).toEqual(
      new Set(
        ["api", "authorizer", "sweeper", "worker", "apigateway-logs"].map(
          (name) => `\${var.name}-\${var.environment}-${name}`,
        ),
      ),
    );
  });

  test("the boundary limits whatever writes a role's policies, and no role may change it", () => {
    const boundary =
      "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:" +
      "policy/${var.name}-${var.environment}-boundary";
    const writing = SETS.flatMap(statements).filter(
      ({ Effect, Action }) =>
        Effect === "Allow" && [Action].flat().some((action) => /^iam:(CreateRole|Put|DeleteRolePolicy)/.test(action)),
    );
    expect(writing.map(({ Sid, Condition }) => [Sid, Condition])).toEqual(
      ["MakeRoles", "WriteFunctionRoles"].map((sid) => [
        sid,
        { StringEquals: { "iam:PermissionsBoundary": boundary } },
      ]),
    );
    expect(resource(stack, "aws_iam_policy.limits_boundary")["name"]).toBe("${var.name}-${var.environment}-boundary");
    const kept = SETS.flatMap(statements).filter(({ Effect }) => Effect === "Deny");
    expect(kept.map(({ Sid }) => Sid)).toEqual(["KeepBoundaries", "KeepPolicies", "KeepPipelineRoles"]);
    expect(kept[1]?.Resource).toEqual([boundary, boundary.replace(/boundary$/, "pipeline-*")]);
  });

  test("with the longest names no policy is longer than the 6,144 characters that IAM takes", () => {
    const longest: Readonly<Record<string, string>> = {
      "var.name": "n".repeat(24),
      "var.environment": "e".repeat(10),
      "var.aws_region": "ap-southeast-1",
      "var.state_bucket_name": "s".repeat(63),
      "data.aws_caller_identity.current.account_id": "1".repeat(12),
    };
    const inserted = (text: string): string =>
      text.replaceAll(
        /\$\{((?:[^{}]|\{[^{}]*\})*)\}/g,
        (_whole, expression: string) =>
          longest[expression] ??
          (/partition$/.test(expression)
            ? "aws-us-gov"
            : "x".repeat(
                /agent_arns/.test(expression)
                  ? 2 * 1_400 + 20 * 22
                  : /data_kms_key_arns/.test(expression)
                    ? 4 * 100
                    : 63,
              )),
      );
    for (const set of [...SETS.map((name) => `may_${name}`), "limits_boundary"]) {
      const document = JSON.stringify(encoded(stack, resource(stack, `aws_iam_policy.${set}`)["policy"]));
      expect([set, inserted(inserted(document)).replaceAll(/\s/g, "").length <= 6_144]).toEqual([set, true]);
    }
  });

  test.each([
    ["arn:aws:lambda:us-east-1:123456789012:function:summaries:live", true],
    ["arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:agent-*", true],
    ["arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/research-a1b2c3", true],
    ["arn:aws:secretsmanager:us-east-1:123456789012:secret:agents/endpoint-AbCdEf", true],
    ["*", false],
    ["arn:aws:lambda:us-east-1:123456789012:function:*", false],
    ["arn:aws:lambda:us-east-1:123456789012:function:ab*", false],
    ["arn:aws:lambda:*:123456789012:function:summaries", false],
    ["arn:aws:secretsmanager:us-east-1:*:secret:agents", false],
    ["arn:aws:s3:::bucket/key", false],
    ["arn:aws:iam::123456789012:role/admin", false],
  ])("agent_arns: %s is taken: %s", (given, taken) => {
    const setting = PIPELINE_ACCESS_SETTINGS.find(({ name }) => name === "agent_arns");
    const [, expression = ""] =
      /regex\("(.+?)", arn\)/.exec(
        JSON.stringify(setting && "rules" in setting ? setting.rules : [])?.replaceAll('\\"', '"'),
      ) ?? [];
    expect(new RegExp(expression).test(given)).toBe(taken);
  });

  test("the roles have the operator's boundary where there is one", () => {
    for (const role of Object.values(stack.resource["aws_iam_role"] ?? {}))
      expect(role["permissions_boundary"]).toBe("${var.permissions_boundary_arn}");
  });
});

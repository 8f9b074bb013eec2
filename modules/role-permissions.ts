import { deploymentArns, type DeploymentNames } from "./deployment-permissions";
import { expression, interpolate, type Expression } from "./expressions";
import { actionsOf, allow, allowKeys, deny, type PolicyStatement } from "./policy-statements";
import { TABLE_KEY_ACTIONS } from "./request-store";

/**
 * Permissions to create, change and delete a deployment's roles. They let nobody give a role, or himself, more than the
 * boundary allows (IAM user guide, "Permissions boundaries for IAM entities").
 */
export function rolePermissions(names: DeploymentNames): PolicyStatement[] {
  const { functionRoles, gatewayRole, roles, boundary, pipelineRoles, pipelinePolicies } = deploymentArns(names);
  const withinBoundary = { StringEquals: { "iam:PermissionsBoundary": boundary } };
  return [
    {
      ...allow("MakeRoles", actionsOf("iam", "CreateRole PutRolePermissionsBoundary"), roles),
      Condition: withinBoundary,
    },
    {
      ...allow("WriteFunctionRoles", actionsOf("iam", "DeleteRolePolicy PutRolePolicy"), functionRoles),
      Condition: withinBoundary,
    },
    allow(
      "ChangeRoles",
      actionsOf("iam", "DeleteRole ListInstanceProfilesForRole TagRole UntagRole UpdateAssumeRolePolicy UpdateRole"),
      roles,
    ),
    {
      ...allow("ChangeGatewayRole", actionsOf("iam", "AttachRolePolicy DetachRolePolicy"), gatewayRole),
      Condition: {
        ArnEquals: {
          "iam:PolicyARN": `arn:${names.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`,
        },
      },
    },
    passRole("PassFunctionRoles", functionRoles, "lambda.amazonaws.com"),
    passRole("PassGatewayRole", gatewayRole, "apigateway.amazonaws.com"),
    // Nothing above allows these. They stay denied when somebody gives the pipeline's role more.
    deny("KeepBoundaries", actionsOf("iam", "DeleteRolePermissionsBoundary"), [...roles, pipelineRoles]),
    deny(
      "KeepPolicies",
      actionsOf("iam", "CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion"),
      [boundary, pipelinePolicies],
    ),
    deny(
      "KeepPipelineRoles",
      actionsOf(
        "iam",
        "AttachRolePolicy DeleteRole DeleteRolePolicy DetachRolePolicy PassRole PutRolePermissionsBoundary " +
          "PutRolePolicy UpdateAssumeRolePolicy UpdateRole",
      ),
      pipelineRoles,
    ),
  ];
}

/**
 * The permissions boundary: what the roles of a deployment may do at most. It allows nothing by itself.
 * @param agentArns list of the ARNs of the agents and their secrets; `*` stands for any characters
 * @param keyArns list of the operator's keys
 */
export function boundaryPermissions(
  names: DeploymentNames,
  agentArns: Expression,
  keyArns: Expression,
): PolicyStatement[] {
  const arns = deploymentArns(names);
  const { partition, region, accountId, prefix } = names;
  const models = (account: string, kind: string) => `arn:${partition}:bedrock:*:${account}:${kind}/*`;
  // IAM takes no empty list, so a function and a key that do not exist stand for none.
  const noAgent = `arn:${partition}:lambda:${region}:${accountId}:function:${prefix}-no-agent`;
  const noKey = `arn:${partition}:kms:${region}:${accountId}:key/none`;
  // IAM checks a runtime's call on the runtime and on one of its endpoints.
  const endpoints = `[for arn in ${agentArns} : "\${arn}/runtime-endpoint/*" if strcontains(arn, ":runtime/")]`;
  const agents = expression`length(${agentArns}) == 0 ? tolist(["${noAgent}"]) : concat(${agentArns}, ${endpoints})`;
  const keys = expression`length(${keyArns}) == 0 ? tolist(["${noKey}"]) : ${keyArns}`;
  return [
    allow("UseTables", actionsOf("dynamodb", "DeleteItem GetItem PutItem Query UpdateItem"), arns.tables),
    allow(
      "UseQueues",
      actionsOf("sqs", "ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage SendMessage"),
      arns.queues,
    ),
    allow("UseResults", actionsOf("s3", "GetObject PutObject"), `${arns.bucket}/results/*`),
    allowKeys(
      "UseKeys",
      { arns: interpolate(keys), region },
      { actions: TABLE_KEY_ACTIONS, services: ["dynamodb", "s3", "sqs"] },
    ),
    allow("WriteLogs", actionsOf("logs", "CreateLogStream PutLogEvents"), `${arns.functionLogs}:*`),
    // X-Ray has no resources to name.
    allow("WriteTraces", actionsOf("xray", "PutTelemetryRecords PutTraceSegments"), "*"),
    // The deployment chooses its models, and a call of one changes nothing. Profiles lead to models in other regions.
    allow(
      "CallModels",
      ["bedrock:InvokeModel"],
      [
        models("", "foundation-model"),
        ...[
          "inference-profile",
          "application-inference-profile",
          "provisioned-model",
          "imported-model",
          "custom-model-deployment",
        ].map((kind) => models(accountId, kind)),
      ],
    ),
    allow(
      "CallAgents",
      ["bedrock-agentcore:InvokeAgentRuntime", "lambda:InvokeFunction", "secretsmanager:GetSecretValue"],
      interpolate(agents),
    ),
    // The account's role for logs writes those of every API in the region. No other role of the boundary may.
    {
      ...allow(
        "WriteGatewayLogs",
        actionsOf(
          "logs",
          "CreateLogGroup CreateLogStream DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents " +
            "PutLogEvents",
        ),
        "*",
      ),
      Condition: { ArnEquals: { "aws:PrincipalArn": arns.gatewayRole } },
    },
  ];
}

function passRole(sid: string, role: string | readonly string[], service: string): PolicyStatement {
  return { ...allow(sid, ["iam:PassRole"], role), Condition: { StringEquals: { "iam:PassedToService": service } } };
}

import { actions, arnsOf, type DeploymentNames } from "./deployment-arns";
import { allow, allowKeys, deny, type PolicyStatement } from "./policy-statements";
import { TABLE_KEY_USES } from "./request-store";

/**
 * What Terraform asks AWS to make, change and delete a deployment's roles, and nothing by which who may do so could
 * give a role, or itself, more than the boundary allows (IAM user guide, "Permissions boundaries for IAM entities").
 */
export function changeRoles(names: DeploymentNames): PolicyStatement[] {
  const { functionRoles, gatewayRole, roles, boundary, pipelineRoles, pipelinePolicies } = arnsOf(names);
  const limited = { StringEquals: { "iam:PermissionsBoundary": boundary } };
  return [
    { ...allow("MakeRoles", actions("iam", "CreateRole PutRolePermissionsBoundary"), roles), Condition: limited },
    {
      ...allow("WriteFunctionRoles", actions("iam", "DeleteRolePolicy PutRolePolicy"), functionRoles),
      Condition: limited,
    },
    allow(
      "ChangeRoles",
      actions("iam", "DeleteRole ListInstanceProfilesForRole TagRole UntagRole UpdateAssumeRolePolicy UpdateRole"),
      roles,
    ),
    {
      ...allow("ChangeGatewayRole", actions("iam", "AttachRolePolicy DetachRolePolicy"), gatewayRole),
      Condition: {
        ArnEquals: {
          "iam:PolicyARN": `arn:${names.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`,
        },
      },
    },
    passRole("PassFunctionRoles", functionRoles, "lambda.amazonaws.com"),
    passRole("PassGatewayRole", gatewayRole, "apigateway.amazonaws.com"),
    // Nothing above allows these. They stay refused when somebody gives the pipeline's role more.
    deny("KeepBoundaries", actions("iam", "DeleteRolePermissionsBoundary"), [...roles, pipelineRoles]),
    deny(
      "KeepPolicies",
      actions("iam", "CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion"),
      [boundary, pipelinePolicies],
    ),
    deny(
      "KeepPipelineRoles",
      actions(
        "iam",
        "AttachRolePolicy DeleteRole DeleteRolePolicy DetachRolePolicy PassRole PutRolePermissionsBoundary PutRolePolicy UpdateAssumeRolePolicy UpdateRole",
      ),
      pipelineRoles,
    ),
  ];
}

/**
 * What the roles of a deployment may do at most, whatever they are given: a permissions boundary. It allows nothing by
 * itself.
 * @param agentArns Terraform expression: list of what the agents are and have, by ARN; `*` stands for any characters
 * @param keyArns Terraform expression: list of the operator's keys
 */
export function limitRoles(names: DeploymentNames, agentArns: string, keyArns: string): PolicyStatement[] {
  const arns = arnsOf(names);
  const { partition, region, accountId, prefix } = names;
  const models = (account: string, kind: string) => `arn:${partition}:bedrock:*:${account}:${kind}/*`;
  // A call of a runtime names one of its endpoints as well; both are checked. IAM takes no empty list: what stands
  // there then is not.
  const agents = `length(${agentArns}) == 0 ? tolist(["arn:${partition}:lambda:${region}:${accountId}:function:${prefix}-no-agent"]) : concat(${agentArns}, [for arn in ${agentArns} : "\${arn}/runtime-endpoint/*" if strcontains(arn, ":runtime/")])`;
  const keys = `length(${keyArns}) == 0 ? tolist(["arn:${partition}:kms:${region}:${accountId}:key/none"]) : ${keyArns}`;
  return [
    allow("UseTables", actions("dynamodb", "DeleteItem GetItem PutItem Query UpdateItem"), arns.tables),
    allow(
      "UseQueues",
      actions("sqs", "ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage SendMessage"),
      arns.queues,
    ),
    allow("UseResults", actions("s3", "GetObject PutObject"), `${arns.bucket}/results/*`),
    allowKeys("UseKeys", TABLE_KEY_USES, ["dynamodb", "s3", "sqs"], { arns: `\${${keys}}`, region }),
    allow("WriteLogs", actions("logs", "CreateLogStream PutLogEvents"), `${arns.functionLogs}:*`),
    // X-Ray has no resources to name.
    allow("WriteTraces", actions("xray", "PutTelemetryRecords PutTraceSegments"), "*"),
    // Which models answer is the deployment's business, and a call of one changes nothing; profiles lead to models in
    // other regions.
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
      `\${${agents}}`,
    ),
    // What the account's role for logs is for: the logs of every API in the region. Of all the roles that this limits
    // it is the one that may.
    {
      ...allow(
        "WriteGatewayLogs",
        actions(
          "logs",
          "CreateLogGroup CreateLogStream DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents PutLogEvents",
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

import { isAnybody, type Statement } from "../../findings/policy";
import type { AuditedResource } from "../audited-plan";
import { attribute } from "../attribute-rule";
import { statementsIn } from "../documents";
import { PASS, fail, unknown, when, type Judgement, type Rule } from "../rule";
import { Unknown, isUnclear } from "../unknown";

const ROLE = ["aws_iam_role"];
const ATTACHMENT = ["aws_iam_role_policy_attachment"];

/** A whole account: anybody there who may assume roles. */
const isAccount = (principal: string): boolean => /^AWS: (\d{12}|arn:[\w-]+:iam::\d{12}:root)$/.test(principal);

export const ROLE_NAMES_WHO_MAY_TAKE_IT: Rule = {
  id: "role-names-who-may-take-it",
  title: "Who may take the role on is a service or a named caller",
  asks: ["CKV_AWS_60", "CKV_AWS_61"],
  severity: "critical",
  types: ROLE,
  evaluate: (role) => {
    const statements = statementsIn(role, "assume_role_policy");
    if (statements instanceof Unknown) return [unknown("assume_role_policy is known only after the apply.")];
    const open = statements.flatMap(({ effect, principals }) =>
      effect === "Allow" ? principals.filter((name) => isAnybody(name) || isAccount(name)) : [],
    );
    return [
      when(open.length === 0, `assume_role_policy lets in ${open.join(", ")}; allowed: services, and callers by name.`),
    ];
  },
};

/** A claim of a forge's token that names the project whole, and a branch, an environment or the kind of event. */
const SUBJECT = {
  github: /^repo:[\w.-]+\/[\w.-]+:(ref:refs\/(heads|tags)\/[^*]+|environment:[^*]+|pull_request)$/,
  gitlab: /^project_path:[\w./-]+:ref_type:(branch|tag):ref:.+$/,
};

/** Else any repository of the forge takes the role on. All statements are looked at, unlike CKV_AWS_393. */
export const PIPELINE_ROLE_IS_LIMITED: Rule = {
  id: "pipeline-role-is-limited",
  title: "A pipeline's role is for one project, and for branches or events that are named",
  asks: ["CKV_AWS_358", "CKV_AWS_393"],
  severity: "critical",
  types: ROLE,
  evaluate: (role) => {
    const statements = statementsIn(role, "assume_role_policy");
    if (statements instanceof Unknown) return [unknown("assume_role_policy is known only after the apply.")];
    return statements
      .filter(
        ({ effect, actions }) =>
          effect === "Allow" && actions.some((action) => action.startsWith("sts:AssumeRoleWithWebIdentity")),
      )
      .map(limited);
  },
};

function limited({ condition }: Statement): Judgement {
  const claims = (name: string) =>
    Object.values(condition)
      .flatMap((keys) => Object.entries(keys))
      .filter(([key]) => key.endsWith(`:${name}`))
      .flatMap(([, value]) => (Array.isArray(value) ? (value as unknown[]) : [value]));
  const [subjects, audiences] = [claims("sub"), claims("aud")];
  if ([...subjects, ...audiences].some(isUnclear))
    return unknown("The condition on the token's subject is known only after the apply.");
  if (subjects.length === 0)
    return fail(
      "assume_role_policy has no condition on the token's sub, so any project of the forge takes the role on; allowed: one that names project and branch.",
    );
  const wide = subjects.filter((subject) => !Object.values(SUBJECT).some((pattern) => pattern.test(String(subject))));
  if (wide.length > 0)
    return fail(
      `The token's sub may be ${wide.map((subject) => JSON.stringify(subject)).join(", ")}; allowed: a whole project with a branch, an environment or pull_request.`,
    );
  return audiences.length > 0
    ? PASS
    : fail("assume_role_policy has no condition on the token's aud; allowed: the one that the jobs ask for.");
}

const ADMINISTRATORS = /:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;

export const ROLE_IS_NO_ADMINISTRATOR: Rule = {
  id: "role-is-no-administrator",
  title: "No role may do everything",
  asks: ["CKV_AWS_274", "CKV2_AWS_56"],
  severity: "critical",
  types: ATTACHMENT,
  evaluate: (attachment) => [
    ownOr(attachment, (arn) => !ADMINISTRATORS.test(arn), "a policy that names what it allows"),
  ],
};

/** They grow without a word, and are for nobody in particular. */
export const ROLE_POLICIES_ARE_OUR_OWN: Rule = {
  id: "role-policies-are-own",
  title: "A role's policies are of this account, not of AWS",
  asks: ["AwsSolutions-IAM4"],
  severity: "info",
  types: ATTACHMENT,
  evaluate: (attachment) => [ownOr(attachment, (arn) => !arn.includes(":iam::aws:policy/"), "a policy of your own")],
};

/** What is made beside it has no ARN yet, and is none of AWS's. */
function ownOr(attachment: AuditedResource, holds: (arn: string) => boolean, allowed: string): Judgement {
  const value = attachment.get("policy_arn");
  return value instanceof Unknown && value.source?.startsWith("aws_iam_policy.") === true
    ? PASS
    : attribute(attachment, ["policy_arn"], (arn) => holds(String(arn)), allowed);
}

import { isAnybody } from "../../findings/policy";
import { attributeRule, isGiven, isTrue } from "../attribute-rule";
import { letsIn, statementsIn } from "../documents";
import { PASS, unknown, when, type Rule } from "../rule";
import { Unknown } from "../unknown";

const KEY = "aws_kms_key";

export const KEY_ROTATES = attributeRule({
  id: "key-rotates",
  title: "The key is renewed every year",
  asks: ["CKV_AWS_7", "AwsSolutions-KMS5"],
  severity: "warning",
  type: KEY,
  path: ["enable_key_rotation"],
  holds: isTrue,
  allowed: "true",
});

export const KEY_IS_ON = attributeRule({
  id: "key-is-on",
  title: "The key can be used",
  asks: ["CKV_AWS_227"],
  severity: "warning",
  type: KEY,
  path: ["is_enabled"],
  holds: (value) => value !== false,
  allowed: "true",
});

/** Whose key it is, is said by its own policy or by one beside it. */
export const KEY_IS_NOT_PUBLIC: Rule = {
  id: "key-is-not-public",
  title: "The key has a policy, and it names who may use it",
  asks: ["CKV_AWS_33", "CKV2_AWS_64"],
  severity: "critical",
  types: [KEY],
  evaluate: (key, plan) => {
    const beside = plan.pointingAt(key, "aws_kms_key_policy", "key_id");
    const holders = [key, ...beside].filter((holder) => isGiven(holder.get("policy")));
    if (holders.length === 0) return [when(false, "policy is not given; allowed: one that names who may use the key.")];
    const documents = holders.map((holder) => statementsIn(holder, "policy"));
    const open = documents
      .flatMap((document) => (document instanceof Unknown ? [] : document))
      .find((statement) => letsIn(statement, isAnybody));
    if (open === undefined && documents.some((document) => document instanceof Unknown))
      return [unknown("policy is known only after the apply.")];
    return [
      open === undefined
        ? PASS
        : when(
            false,
            `policy allows ${open.actions.join(", ")} to anybody without a condition; allowed: named callers.`,
          ),
    ];
  },
};

import { attributeRule, isTrue } from "../attribute-rule";
import { PASS, when, type Rule } from "../rule";

const TABLE = "aws_dynamodb_table";

export const TABLE_CAN_BE_RESTORED = attributeRule({
  id: "table-can-be-restored",
  title: "The table can be restored to any second of the last 35 days",
  asks: ["CKV_AWS_28", "AwsSolutions-DDB3", "DynamoDBInBackupPlan"],
  severity: "warning",
  type: TABLE,
  path: ["point_in_time_recovery", 0, "enabled"],
  holds: isTrue,
  allowed: "true",
});

/** Terraform's own guard is none against a console. */
export const TABLE_IS_PROTECTED = attributeRule({
  id: "table-is-protected-from-deletion",
  title: "DynamoDB refuses to delete the table",
  asks: [],
  severity: "warning",
  type: TABLE,
  path: ["deletion_protection_enabled"],
  holds: isTrue,
  allowed: "true",
});

export const TABLE_SCALES: Rule = {
  id: "table-scales-by-itself",
  title: "The table takes whatever comes",
  asks: ["CKV2_AWS_16"],
  severity: "info",
  types: [TABLE],
  evaluate: (table, plan) => {
    const scaled = plan
      .ofType("aws_appautoscaling_target")
      .some((target) => String(target.get("resource_id")) === `table/${String(table.get("name"))}`);
    return [
      scaled
        ? PASS
        : when(
            table.get("billing_mode") === "PAY_PER_REQUEST",
            `billing_mode is ${table.shown("billing_mode")}; allowed: "PAY_PER_REQUEST", or a target of automatic scaling.`,
          ),
    ];
  },
};

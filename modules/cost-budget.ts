import { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import { Construct } from "constructs";
import { countWhen, interpolate } from "./expressions";

/** Percent of the budget at which somebody is told, and of what: what was spent, or what AWS expects of the month. */
const NOTIFICATIONS = [
  { type: "ACTUAL", percent: 80 },
  { type: "ACTUAL", percent: 100 },
  { type: "FORECASTED", percent: 100 },
] as const;

export interface CostBudgetProps {
  readonly budgetName: string;
  /** Terraform expression: dollars a month, or null for no budget. */
  readonly monthlyUsd: string;
  /** Cost allocation tag whose costs count. */
  readonly tagKey: string;
  /** Terraform expression: its value. */
  readonly tagValue: string;
  /** Terraform expression: topic that AWS Budgets may publish to. */
  readonly topicArn: string;
  /** Terraform expression: address that AWS Budgets writes to, or null. */
  readonly email: string;
}

/** Tells somebody that a month's bill comes near what it may be. It stops nothing, and tells hours late. */
export class CostBudget extends Construct {
  constructor(scope: Construct, id: string, props: CostBudgetProps) {
    super(scope, id);
    const budget = new BudgetsBudget(this, "monthly", {
      name: props.budgetName,
      budgetType: "COST",
      timeUnit: "MONTHLY",
      limitAmount: interpolate(`tostring(${props.monthlyUsd})`),
      limitUnit: "USD",
      // One tag alone: whether AWS asks for all of several or for one of them is written nowhere.
      costFilter: [
        { name: "TagKeyValue", values: [interpolate(`format("user:${props.tagKey}$%s", ${props.tagValue})`)] },
      ],
    });
    budget.addOverride(
      "notification",
      NOTIFICATIONS.map(({ type, percent }) => ({
        notification_type: type,
        comparison_operator: "GREATER_THAN",
        threshold: percent,
        threshold_type: "PERCENTAGE",
        subscriber_sns_topic_arns: [interpolate(props.topicArn)],
        subscriber_email_addresses: interpolate(`compact([${props.email}])`),
      })),
    );
    budget.addOverride("count", countWhen(`${props.monthlyUsd} != null`));
  }
}

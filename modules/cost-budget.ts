import { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import { Construct } from "constructs";
import { countWhen, expression, type Expression, interpolate } from "./expressions";

/** Percent of the budget at which somebody is told: of the actual costs, or of those that AWS expects of the month. */
const NOTIFICATIONS = [
  { type: "ACTUAL", percent: 80 },
  { type: "ACTUAL", percent: 100 },
  { type: "FORECASTED", percent: 100 },
] as const;

interface CostBudgetProps {
  readonly budgetName: string;
  /** Dollars a month, or null for no budget. */
  readonly monthlyUsd: Expression;
  /** Cost allocation tag whose costs count. */
  readonly tagKey: string;
  /** Value of the tag. */
  readonly tagValue: Expression;
  /** Topic that AWS Budgets may publish to. */
  readonly topicArn: Expression;
  /** Address that AWS Budgets writes to, or null. */
  readonly email: Expression;
}

/** Tells somebody that a month's bill comes near its budget. It stops nothing, and AWS tells hours late. */
export class CostBudget extends Construct {
  constructor(scope: Construct, id: string, props: CostBudgetProps) {
    super(scope, id);
    const budget = new BudgetsBudget(this, "monthly", {
      name: props.budgetName,
      budgetType: "COST",
      timeUnit: "MONTHLY",
      limitAmount: interpolate(expression`tostring(${props.monthlyUsd})`),
      limitUnit: "USD",
      // A single tag: AWS does not document whether several must all match.
      costFilter: [
        {
          name: "TagKeyValue",
          values: [interpolate(expression`format("user:${props.tagKey}$%s", ${props.tagValue})`)],
        },
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
        subscriber_email_addresses: interpolate(expression`compact([${props.email}])`),
      })),
    );
    budget.addOverride("count", countWhen(expression`${props.monthlyUsd} != null`));
  }
}

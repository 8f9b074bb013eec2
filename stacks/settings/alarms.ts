import type { Setting } from "./setting";

/** When a person is called, and whom. */
export const alarmSettings = [
  {
    name: "alarm_duration_threshold",
    type: "number",
    unit: "ms",
    description: "Alarm when the worker's average Duration is above it in two periods of 5 minutes.",
    value: 600_000,
    minimum: 1,
    maximum: 900_000,
    effect: "in place",
  },
  {
    name: "alarm_errors_threshold",
    type: "number",
    unit: "errors",
    description: "Alarm when the worker's Errors are more than this in two periods of 5 minutes.",
    value: 5,
    minimum: 0,
    maximum: 1_000_000,
    effect: "in place",
  },
  {
    name: "alarm_5xx_threshold",
    type: "number",
    unit: "answers",
    description: "Alarm when the API's 5XXError count is more than this in two periods of 5 minutes.",
    value: 10,
    minimum: 0,
    maximum: 1_000_000,
    effect: "in place",
  },
  {
    name: "alarm_email",
    type: "string",
    description: "Address that the alarms write to; AWS asks it to confirm. null = nobody.",
    value: null,
    pattern: { expression: "^[^@\\\\s]+@[^@\\\\s]+\\\\.[^@\\\\s]+$", meaning: "an e-mail address" },
    effect: "in place",
  },
  {
    name: "alarm_topic_arn",
    type: "string",
    description: "SNS topic of yours that the alarms go to; null = a topic of this deployment's own.",
    value: null,
    pattern: { expression: "^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", meaning: "arn:aws:sns:<region>:<account>:<topic>" },
    effect: "in place",
    rules: [
      {
        condition: "var.alarm_topic_arn == null || var.alarm_email == null",
        message: "allowed: this or alarm_email, not both; subscribe the address to your topic yourself",
      },
    ],
  },
] as const satisfies readonly Setting[];

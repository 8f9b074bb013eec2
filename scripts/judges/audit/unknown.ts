/** A value that terraform will know only after the apply, or that is not evaluated here. */
export class Unknown {
  /**
   * @param source what it will be the value of, such as `aws_sns_topic.alarm_topic[0].arn`; undefined where that is not
   * clear
   */
  constructor(readonly source?: string) {}

  /** As it stands in a text: `${aws_sns_topic.alarm_topic[0].arn}`, or `${?}`. */
  toString(): string {
    return `\${${this.source ?? "?"}}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** True for a text that holds, or for a value that is, what nobody can tell before the apply. */
export const isUnclear = (value: unknown): boolean =>
  value instanceof Unknown ? value.source === undefined : typeof value === "string" && value.includes("${?}");

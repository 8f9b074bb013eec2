import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { clientConfiguration, type AwsPlace } from "./aws-client";

/** Names that DescribeAlarms takes at once (CloudWatch API reference). */
const NAMES_A_CALL = 100;

/**
 * The states of alarms by name: OK, ALARM or INSUFFICIENT_DATA. An alarm that is not there is left out. Throws with the
 * region and what it takes.
 */
export async function alarmStates(
  place: AwsPlace,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const client = new CloudWatchClient(clientConfiguration(place, "CLOUDWATCH"));
  const states = new Map<string, string>();
  try {
    for (let from = 0; from < names.length; from += NAMES_A_CALL) {
      const { MetricAlarms: metric = [], CompositeAlarms: composite = [] } = await client.send(
        new DescribeAlarmsCommand({
          AlarmNames: names.slice(from, from + NAMES_A_CALL),
          AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
          MaxRecords: NAMES_A_CALL,
        }),
        { abortSignal: signal },
      );
      for (const { AlarmName: name, StateValue: state } of [...metric, ...composite])
        if (name !== undefined && state !== undefined) states.set(name, state);
    }
    return states;
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { name, message } = cause as Error;
    throw new Error(
      `CloudWatch in ${place.region} does not answer DescribeAlarms (${name}: ${message}). It takes credentials with cloudwatch:DescribeAlarms; or give saved metrics by --metrics.`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}
